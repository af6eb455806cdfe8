#!/bin/sh
# Prints the guide's 1,000 parameter combinations: ./make-parameters.sh > parameters.csv
set -eu
echo "temperature,conductivity,steps"
for temperature in 50 100 150 200 250 300 350 400 450 500; do
  for conductivity in 0.05 0.10 0.15 0.20 0.25 0.30 0.35 0.40 0.45 0.50; do
    for steps in 10 20 30 40 50 60 70 80 90 100; do
      echo "$temperature,$conductivity,$steps"
    done
  done
done
