module spawn-staging/bench/front

go 1.24
