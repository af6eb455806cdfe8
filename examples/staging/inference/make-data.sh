#!/bin/sh
# Writes the weights of a small model, model-v3.pt, into the current directory: the two coefficients of a line.
set -eu
echo "3 2" > model-v3.pt
