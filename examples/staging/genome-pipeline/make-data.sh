#!/bin/sh
# Writes a small reference genome, reference.fasta, into the current directory.
set -eu
awk 'BEGIN {
  srand(7)
  for (chromosome = 1; chromosome <= 4; chromosome++) {
    print ">chr" chromosome
    for (line = 0; line < 50; line++) {
      text = ""
      for (base = 0; base < 60; base++) text = text substr("ACGT", int(rand() * 4) + 1, 1)
      print text
    }
  }
}' > reference.fasta
