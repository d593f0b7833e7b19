#!/bin/sh
# The Nix expression is built by Nix itself, with a stdenv that has what ours asks of nixpkgs': its phases in their
# order, and the tools of this machine.
#	sh stand-in.nix.sh FOLDER RECIPE RESULT
set -eu

cat >"$1/stand-in.nix" <<'END'
{ path, recipe }:
import recipe {
  pkgs = { };
  lib = { licenses.mit = "mit"; platforms.unix = [ ]; };
  fetchurl = { url, sha256 }: builtins.fetchurl { inherit url sha256; };
  stdenv.mkDerivation = { pname, version, src, makeFlags, doCheck, checkPhase, meta }:
    assert builtins.isString meta.description && doCheck;
    derivation {
      name = "${pname}-${version}";
      system = builtins.currentSystem;
      builder = "/bin/sh";
      inherit src makeFlags checkPhase;
      PATH = path;
      args = [ "-euc" ''
        tar -xf "$src"
        cd */
        make $makeFlags
        eval "$checkPhase"
        make $makeFlags install
      '' ];
    };
}
END
# What reads a file:// needs a place of its own, too.
HOME=$1 nix-build "$1/stand-in.nix" --argstr path "$PATH" --arg recipe "$1/$2" -o "$3"
PATH="$3/bin:$PATH" sh "$(dirname "$0")/life"
grep -q "^prefix=$(readlink -f "$3")\$" "$3/lib/pkgconfig/otelop.pc"
