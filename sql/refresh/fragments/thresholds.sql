    -- Every threshold of a label or an anomaly, by name.
    1.3 AS excellent_above,
    1.1 AS good_above,
    0.8 AS needs_attention_below,
    50 AS least_volume,
    -- One stray open makes no channel of opens.
    0.01 AS least_open_rate,
    3 AS least_benchmark_rows,
    7 AS least_anomaly_values,
    100 AS least_anomaly_volume,
    3 AS anomaly_deviations,
    0.2 AS anomaly_distance,
    -- Rates whose spread is measured are integers of this fraction.
    1000000000000 AS rate_quanta
