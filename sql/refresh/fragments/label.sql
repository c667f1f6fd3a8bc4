    -- The label rule. The including file says what is judged: judged_rate on judged_volume against benchmark_rate
    -- of judging_rows rows, and whether it is too early. Six decimals, so that floating point decides nothing.
    round(if(benchmark_rate = 0, 0, judged_rate / benchmark_rate), 6) AS judged_ratio,
    multiIf(
        is_too_early OR judged_volume < least_volume, 'Not Enough Data',
        benchmark_rate = 0 OR judging_rows < least_benchmark_rows, 'Not Enough Data',
        judged_ratio > excellent_above, 'Excellent',
        judged_ratio > good_above, 'Good',
        judged_ratio < needs_attention_below, 'Needs Attention',
        'Average'
    ) AS label
