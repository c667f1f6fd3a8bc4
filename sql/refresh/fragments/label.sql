    -- The label rule, of judged_ratio: what is judged / what it is compared with. A ratio that is not a number is
    -- neither above nor below anything.
    multiIf(
        isNaN(judged_ratio), 'Not Enough Data',
        judged_ratio > excellent_above, 'Excellent',
        judged_ratio > good_above, 'Good',
        judged_ratio < needs_attention_below, 'Needs Attention',
        'Average'
    ) AS label
