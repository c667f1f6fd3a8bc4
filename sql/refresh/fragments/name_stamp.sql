            -- Rule of names: the newest that is not empty, then the greatest. A fixed-width stamp before the name makes
            -- that a plain max() of text, several times cheaper than argMax() over tuples.
            leftPad(toString(toUnixTimestamp64Milli(s.last_updated)), 14, '0') AS name_stamp,
