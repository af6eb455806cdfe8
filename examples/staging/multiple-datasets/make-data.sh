#!/bin/sh
# Writes a small reference genome and a small training set into the current directory.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
"$here/../genome-pipeline/make-data.sh"
"$here/../ml-training/make-data.sh"
mv training-set.tar.gz training.tar.gz
