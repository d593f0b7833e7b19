# The formula for Homebrew: brew install --formula ./otelop.rb
class Otelop < Formula
  desc "Turn any command into a well-behaved background daemon"
  homepage "@HOMEPAGE@"
  url "@URL@"
  sha256 "@SHA256@"
  license "MIT"

  def install
    system "make", "install", "LIBC=system", "PREFIX=#{prefix}"
    pkgshare.install "share/packaging/life"
  end

  test do
    system "sh", pkgshare/"life", version.to_s
  end
end
