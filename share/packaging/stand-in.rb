# A formula is read as Homebrew does it, as far as ours asks: the source is fetched and compared, install is run in it,
# then the test with what was installed.
#	ruby stand-in.rb FOLDER RECIPE PREFIX
require "digest"
require "fileutils"
require "pathname"
require "tmpdir"

class Pathname
  def install(file)
    FileUtils.mkdir_p(to_s)
    FileUtils.cp(file, to_s)
  end
end

class Formula
  class << self
    attr_reader :words, :tests

    %i[desc homepage url sha256 license].each do |word|
      define_method(word) { |value| (@words ||= {})[word] = value }
    end

    def test(&block)
      @tests = block
    end
  end

  attr_reader :prefix

  def initialize(prefix)
    @prefix = Pathname.new(prefix)
  end

  def version
    File.basename(self.class.words.fetch(:url))[/-([0-9.]+)\.tar\.gz\z/, 1]
  end

  def bin = prefix/"bin"
  def pkgshare = prefix/"share/otelop"

  def system(*command)
    Kernel.system(*command.map(&:to_s), exception: true)
  end
end

folder, recipe, prefix = ARGV
load File.join(folder, recipe)
words = Otelop.words
abort "#{recipe}: it lacks #{(%i[desc url sha256 license] - words.keys).join(", ")}" unless (%i[desc url sha256 license] - words.keys).empty?
# As Homebrew's audit has it.
abort "#{recipe}: its desc is too long" if "otelop: #{words[:desc]}".length > 80
tarball = words[:url].delete_prefix("file://").gsub(/%\h\h/) { |code| code[1..].hex.chr }
abort "#{recipe}: it is another tarball" unless Digest::SHA256.file(tarball).hexdigest == words[:sha256]

formula = Otelop.new(prefix)
Dir.mktmpdir do |work|
  formula.system("tar", "-C", work, "-xf", tarball)
  Dir.chdir(Dir.children(work).map { |name| File.join(work, name) }.fetch(0)) { formula.install }
end
ENV["PATH"] = "#{formula.bin}:#{ENV.fetch("PATH")}"
formula.instance_exec(&Otelop.tests)
