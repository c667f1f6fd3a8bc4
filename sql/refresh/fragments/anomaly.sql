    -- The anomaly rule. The including file says what is watched: watched_rate on watched_volume, of the day.
    -- Nine decimals, so that floating point decides nothing.
    round(abs(watched_rate - t.sample_mean), 9) AS watched_distance,
    t.has_sample
        AND watched_volume >= least_anomaly_volume
        AND watched_distance > round(anomaly_deviations * t.sample_deviation, 9)
        AND watched_distance >= round(anomaly_distance * t.sample_mean, 9) AS is_unusual,
