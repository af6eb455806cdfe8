#!/bin/sh
# Writes a small reference, hg38-reference.fasta, into the current directory.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
"$here/../genome-pipeline/make-data.sh"
mv reference.fasta hg38-reference.fasta
