# nix-build otelop.nix; or, in an overlay, callPackage ./otelop.nix { }.
{ pkgs ? import <nixpkgs> { }, stdenv ? pkgs.stdenv, fetchurl ? pkgs.fetchurl, lib ? pkgs.lib }:

stdenv.mkDerivation rec {
  pname = "otelop";
  version = "@VERSION@";

  src = fetchurl {
    url = "@URL@";
    sha256 = "@SHA256@";
  };

  makeFlags = [ "LIBC=system" "PREFIX=${placeholder "out"}" ];

  doCheck = true;
  checkPhase = ''
    PATH="$PWD/build:$PATH" sh share/packaging/life ${version}
  '';

  meta = with lib; {
    description = "Turn any command into a well-behaved background daemon";
    homepage = "@HOMEPAGE@";
    license = licenses.mit;
    platforms = platforms.unix;
    mainProgram = "otelop";
  };
}
