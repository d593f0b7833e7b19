/*
 * A daemon in C: it takes the lock, listens, publishes where, says that it is ready, and serves.
 *
 *	cc -o daemon daemon.c $(pkg-config --cflags --libs otelop)
 *	otelop start --native -- ./daemon
 *	curl "http://$(otelop-meta get httpAddr)/"
 *	otelop stop
 *
 * With an operand it listens on that port.
 */
#define _POSIX_C_SOURCE 200809L

#include <otelop.h>

#include <sys/select.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUSY 75		/* from this status `otelop start` knows that another one runs */

static volatile sig_atomic_t must_end;

static void
end(int number)
{
	(void)number;
	must_end = 1;
}

/* From now on TERM and INT arrive only while we wait, in pselect. */
static void
catch_signals(sigset_t *outside)
{
	struct sigaction action = { .sa_handler = end };
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigprocmask(SIG_BLOCK, &ours, outside);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Listen on 127.0.0.1, on this port or any; text becomes the address, or why not.  -1: not. */
static int
listen_on(in_port_t port, char *text, size_t size)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	socklen_t length = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (server < 0 || bind(server, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(server, 16) < 0 || getsockname(server, (struct sockaddr *)&address, &length) < 0) {
		snprintf(text, size, "127.0.0.1:%u: cannot listen: %s", (unsigned)port, strerror(errno));
		if (server >= 0)
			close(server);
		return -1;
	}
	snprintf(text, size, "127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
	return server;
}

static void
answer(int client)
{
	struct timeval limit = { .tv_sec = 5 };
	char request[4096], page[128];

	setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	snprintf(page, sizeof(page), "HTTP/1.0 200 OK\r\n\r\nHello from process %ld.\n", (long)getpid());
	if (recv(client, request, sizeof(request), 0) > 0 && send(client, page, strlen(page), 0) < 0)
		perror("daemon: send");
	close(client);
}

static void
serve(int server, const sigset_t *outside)
{
	while (!must_end) {
		fd_set readable;
		int client;

		FD_ZERO(&readable);
		FD_SET(server, &readable);
		if (pselect(server + 1, &readable, NULL, NULL, NULL, outside) > 0 &&
		    (client = accept(server, NULL, NULL)) >= 0)
			answer(client);
	}
}

static int
fail(int ready, const char *reason)
{
	fprintf(stderr, "daemon: %s\n", reason);
	otelop_signal_error(ready, reason);
	return 1;
}

int
main(int argc, char *argv[])
{
	struct otelop_metadata metadata = OTELOP_METADATA_INIT;
	struct otelop_message message;
	struct otelop_lock *lock;
	char dir[OTELOP_PATH_SIZE], address[256];
	int ready = otelop_ready_pipe(), server;
	sigset_t outside;

	if (otelop_state_dir(NULL, dir, sizeof(dir), &message) < 0 ||
	    otelop_ensure_state_dir(dir, &message) < 0)
		return fail(ready, message.text);
	if (otelop_lock_metadata(dir, 0, &lock, &message) < 0)
		return errno == EWOULDBLOCK ? BUSY : fail(ready, message.text);

	catch_signals(&outside);
	if ((server = listen_on((in_port_t)(argc > 1 ? atoi(argv[1]) : 0), address, sizeof(address))) < 0) {
		otelop_remove_state(dir, lock, NULL);
		return fail(ready, address);
	}
	otelop_metadata_init(&metadata, getpid());
	if (otelop_metadata_set(&metadata, "httpAddr", address, &message) < 0 ||
	    otelop_write_metadata(lock, &metadata, &message) < 0) {
		otelop_remove_state(dir, lock, NULL);
		return fail(ready, message.text);
	}
	otelop_signal_ready(ready);
	serve(server, &outside);
	if (otelop_remove_state(dir, lock, &message) < 0)
		return fail(-1, message.text);
	return 0;
}
