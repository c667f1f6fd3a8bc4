    -- The anomaly rule, of the day. Nine decimals, so that floating point decides nothing. Without a sample the mean
    -- and the deviation are not numbers, and nothing is above or below them.
    sample_sum / sample_values / rate_quanta AS sample_mean,
    sqrt(
        (sample_values * sample_squares - sample_sum * sample_sum) / (sample_values * (sample_values - 1))
    ) / rate_quanta AS sample_deviation,
    round(abs(day_rate - sample_mean), 9) AS day_distance,
    complete_delivered >= least_anomaly_volume
        AND sample_values >= least_anomaly_values
        AND sample_sum > 0
        AND day_distance > round(anomaly_deviations * sample_deviation, 9)
        AND day_distance >= round(anomaly_distance * sample_mean, 9) AS is_unusual
