            -- The only revenue that is believed. False for NaN, too.
            s.conversion_value BETWEEN 0 AND 1000000000
