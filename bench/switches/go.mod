module sparkops/bench/switches

go 1.19
