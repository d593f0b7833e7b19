# Nomad: nomad job run web.nomad.hcl
job "web" {
  group "web" {
    network {
      port "http" {}
    }

    service {
      name     = "web"
      provider = "nomad"
      port     = "http"

      check {
        type     = "http"
        path     = "/"
        interval = "10s"
        timeout  = "2s"
      }
    }

    task "web" {
      driver = "raw_exec"

      config {
        command = "otelop-run"
        args = [
          "-C", "${NOMAD_TASK_DIR}/state", "--",
          "python3", "-m", "http.server", "${NOMAD_PORT_http}", "--bind", "${NOMAD_IP_http}",
        ]
      }

      kill_signal  = "SIGTERM"
      kill_timeout = "20s"
    }
  }
}
