    -- The label rule. The file that includes it says what is judged: judged_rate on judged_volume against benchmark_rate
    -- on benchmark_rows, and whether it is too early to judge. Six decimals, so that floating point decides nothing.
    round(if(benchmark_rate = 0, 0, judged_rate / benchmark_rate), 6) AS judged_ratio,
    multiIf(
        is_too_early OR judged_volume < least_delivered, 'Not Enough Data',
        benchmark_rate = 0 OR benchmark_rows < least_benchmark_rows, 'Not Enough Data',
        judged_ratio > excellent_above, 'Excellent',
        judged_ratio > good_above, 'Good',
        judged_ratio < needs_attention_below, 'Needs Attention',
        'Average'
    ) AS label,
