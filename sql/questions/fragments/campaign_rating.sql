    -- The label of a whole campaign, by the rule of the tables: its open rate against the usual one of the channel's
    -- campaigns, or its click rate where the channel does not track opens.
    if(tracks_opens, openers, clickers) / reached / if(tracks_opens, usual_open_rate, usual_click_rate) AS ratio,
    if(is_rated AND reached >= least_volume AND isFinite(ratio), round(ratio, 6), nan) AS judged_ratio
