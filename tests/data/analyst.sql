-- Queries as analysts write them, a blank line between two. Each is answered as on a database with that account alone.

SELECT date, sum(revenue) AS revenue FROM ai_campaign_recent GROUP BY date ORDER BY date

SELECT campaign_name, sum(revenue) AS r FROM ai_campaign_recent GROUP BY campaign_name ORDER BY r DESC, campaign_name LIMIT 5

SELECT send_channel, sum(delivered) AS messages, sum(opens_unique) / sum(delivered) AS rate FROM campaign_ai_summary WHERE date >= today() - 30 GROUP BY send_channel ORDER BY send_channel

SELECT toStartOfWeek(date, 1) AS week, sum(conversion_value) AS revenue FROM campaign_ai_summary GROUP BY week ORDER BY week

SELECT toStartOfMonth(date) AS month, send_channel, sum(conversion_value) AS revenue FROM flow_ai_summary GROUP BY month, send_channel ORDER BY month, send_channel

SELECT toMonday(date) AS week, uniqExact(campaign_id) AS campaigns FROM campaign_ai_summary GROUP BY week ORDER BY week DESC LIMIT 8

SELECT flow_name, sum(conversion_value) AS revenue, sum(recipients) AS people, round(revenue / nullIf(people, 0), 4) AS per_recipient FROM flow_ai_summary WHERE date BETWEEN today() - 30 AND today() - 1 GROUP BY flow_name ORDER BY revenue DESC, flow_name

WITH weekly AS (SELECT toMonday(date) AS week, sum(conversion_value) AS revenue FROM campaign_ai_summary GROUP BY week)
SELECT week, revenue, revenue - lagInFrame(revenue) OVER (ORDER BY week) AS change FROM weekly ORDER BY week

WITH daily AS (SELECT date, sum(conversion_value) AS revenue FROM flow_ai_summary GROUP BY date)
SELECT date, revenue, avg(revenue) OVER (ORDER BY date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS ma7 FROM daily ORDER BY date

WITH daily AS (SELECT date, send_channel, sum(conversion_value) AS revenue FROM flow_ai_summary GROUP BY date, send_channel)
SELECT date, send_channel, sum(revenue) OVER (PARTITION BY send_channel ORDER BY date) AS running FROM daily ORDER BY send_channel, date

SELECT campaign_name, send_channel, revenue, row_number() OVER (PARTITION BY send_channel ORDER BY revenue DESC, campaign_name, date) AS place FROM ai_campaign_recent ORDER BY send_channel, place

SELECT * FROM (SELECT campaign_name, send_channel, date, conversion_value, rank() OVER (PARTITION BY send_channel ORDER BY conversion_value DESC) AS place FROM campaign_ai_summary) WHERE place <= 3 ORDER BY send_channel, place, campaign_name, date

SELECT send_channel, campaign_name, date, conversion_value FROM campaign_ai_summary ORDER BY send_channel, conversion_value DESC, campaign_name, date LIMIT 2 BY send_channel

SELECT day_name, avg(open_rate_pct) AS open_rate FROM ai_campaign_recent GROUP BY day_name ORDER BY open_rate DESC, day_name

SELECT source, day_name, avg_revenue FROM ai_day_of_week_patterns ORDER BY source, day_of_week

SELECT send_channel, revenue_last_7d, revenue_last_30d, pct_of_total_revenue FROM ai_channel_comparison ORDER BY send_channel

SELECT month, source_type, total_revenue FROM ai_historical_baseline ORDER BY month, source_type, send_channel

SELECT type, name, revenue FROM ai_best_performers ORDER BY revenue DESC, type, name, date, send_channel LIMIT 10

SELECT week_start_date, sum(total_revenue) AS revenue FROM ai_campaign_weekly GROUP BY week_start_date ORDER BY week_start_date

SELECT flow_name, argMax(total_revenue, week_start_date) AS newest FROM flow_weekly_rollup GROUP BY flow_name ORDER BY flow_name

SELECT campaign_name, total_revenue, wow_revenue_change_pct FROM campaign_weekly_rollup WHERE has_prior_week = 1 ORDER BY wow_revenue_change_pct, campaign_name, week_start_date, send_channel LIMIT 10

SELECT segment_name, max(total_members) - min(total_members) AS span FROM segment_ai_trends GROUP BY segment_name ORDER BY segment_name

SELECT segment_name, argMax(total_members, date) AS members, argMax(growth_label, date) AS label FROM segment_ai_trends GROUP BY segment_name ORDER BY members DESC, segment_name

SELECT form_name, sum(total_submits) / sum(total_views) AS submit_rate FROM form_ai_performance WHERE date >= today() - INTERVAL 30 DAY GROUP BY form_name HAVING sum(total_views) > 10 ORDER BY submit_rate DESC, form_name

SELECT form_name, countIf(is_high_performer) AS good_days, count() AS days FROM form_ai_performance GROUP BY form_name ORDER BY form_name

SELECT sum(conversion_value) AS revenue FROM campaign_ai_summary WHERE date >= toStartOfMonth(today()) - INTERVAL 1 MONTH AND date < toStartOfMonth(today())

SELECT sumIf(conversion_value, date >= today() - 7) AS this_week, sumIf(conversion_value, date >= today() - 14 AND date < today() - 7) AS last_week FROM flow_ai_summary

SELECT sumIf(conversion_value, date >= today() - 7) AS a, sumIf(conversion_value, date >= today() - 14 AND date < today() - 7) AS b, round((a / b - 1) * 100, 1) AS change_pct FROM campaign_ai_summary

SELECT quantile(0.5)(conversion_value) AS median, quantileExact(0.9)(conversion_value) AS p90 FROM campaign_ai_summary

SELECT quantilesExact(0.25, 0.5, 0.75)(open_rate) AS quartiles FROM flow_ai_summary

SELECT send_channel, avg(open_rate) AS mean, stddevSamp(open_rate) AS deviation FROM campaign_ai_summary GROUP BY send_channel ORDER BY send_channel

SELECT corr(recipients, conversion_value) AS c FROM campaign_ai_summary

SELECT CASE WHEN open_rate > 0.5 THEN 'high' WHEN open_rate > 0.2 THEN 'middle' ELSE 'low' END AS bucket, count() AS n FROM campaign_ai_summary GROUP BY bucket ORDER BY bucket

SELECT multiIf(recipients > 50, 'large', recipients > 20, 'middle', 'small') AS size, round(avg(click_rate), 5) AS rate FROM campaign_ai_summary GROUP BY size ORDER BY size

SELECT if(is_weekend, 'weekend', 'weekday') AS part, sum(conversion_value) AS revenue FROM flow_ai_summary GROUP BY part ORDER BY part

SELECT campaign_name FROM campaign_ai_summary WHERE campaign_name LIKE '%a%' GROUP BY campaign_name ORDER BY campaign_name

SELECT campaign_name FROM campaign_ai_summary WHERE campaign_name ILIKE 'W%' OR positionCaseInsensitive(campaign_name, 'sale') > 0 GROUP BY 1 ORDER BY 1

SELECT lower(flow_name) AS flow, upper(send_channel) AS channel, length(flow_name) AS letters FROM flow_ai_summary GROUP BY flow, channel, letters ORDER BY flow, channel

SELECT splitByChar(' ', campaign_name)[1] AS first_word, count() AS n FROM campaign_ai_summary GROUP BY first_word ORDER BY first_word

SELECT replaceRegexpAll(campaign_name, '[0-9]+', '#') AS pattern, sum(conversion_value) AS revenue FROM campaign_ai_summary GROUP BY pattern ORDER BY pattern

SELECT concat(send_channel, ': ', toString(count())) AS line FROM campaign_ai_summary GROUP BY send_channel ORDER BY line

SELECT formatDateTime(date, '%Y-%m') AS month, count() AS n FROM campaign_ai_summary GROUP BY month ORDER BY month

SELECT dateDiff('day', min(date), max(date)) AS span, uniqExact(date) AS days FROM flow_ai_summary

SELECT date_trunc('week', date) AS week, sum(recipients) AS n FROM campaign_ai_summary GROUP BY week ORDER BY week

SELECT EXTRACT(MONTH FROM date) AS m, toYear(date) AS y, count() AS n FROM campaign_ai_summary GROUP BY y, m ORDER BY y, m

SELECT toDayOfWeek(date) AS day, sum(conversion_value) AS revenue FROM flow_ai_summary GROUP BY day ORDER BY day

SELECT c.date, c.send_channel, c.total_revenue, f.revenue FROM channel_performance_daily AS c LEFT JOIN (SELECT date, send_channel, sum(conversion_value) AS revenue FROM flow_ai_summary GROUP BY date, send_channel) AS f ON c.date = f.date AND c.send_channel = f.send_channel ORDER BY c.date, c.send_channel

SELECT a.date AS date, a.revenue AS campaigns, b.revenue AS flows FROM (SELECT date, sum(conversion_value) AS revenue FROM campaign_ai_summary GROUP BY date) AS a FULL OUTER JOIN (SELECT date, sum(conversion_value) AS revenue FROM flow_ai_summary GROUP BY date) AS b USING (date) ORDER BY date

SELECT a.campaign_name, b.total_revenue FROM ai_campaign_recent AS a INNER JOIN ai_campaign_weekly AS b ON a.campaign_id = b.campaign_id ORDER BY a.campaign_name, a.date, a.send_channel, b.week_start_date, b.send_channel

SELECT w.flow_name, w.total_revenue, r.revenue FROM ai_flow_weekly w LEFT JOIN (SELECT flow_id, send_channel, sum(revenue) revenue FROM ai_flow_recent GROUP BY flow_id, send_channel) r ON w.flow_id = r.flow_id AND w.send_channel = r.send_channel ORDER BY w.flow_name, w.week_start_date, w.send_channel

SELECT 'campaign' AS kind, sum(conversion_value) AS revenue FROM campaign_ai_summary UNION ALL SELECT 'flow', sum(conversion_value) FROM flow_ai_summary

SELECT kind, sum(revenue) AS total FROM (SELECT 'campaign' AS kind, conversion_value AS revenue FROM campaign_ai_summary UNION ALL SELECT 'flow' AS kind, conversion_value AS revenue FROM flow_ai_summary) GROUP BY kind ORDER BY kind

SELECT flow_id FROM flow_ai_summary WHERE date < today() - 30 INTERSECT SELECT flow_id FROM flow_ai_summary WHERE date >= today() - 30 ORDER BY flow_id

SELECT send_channel FROM flow_ai_summary EXCEPT SELECT send_channel FROM campaign_ai_summary

SELECT DISTINCT send_channel FROM channel_performance_daily ORDER BY send_channel

SELECT count(DISTINCT campaign_id) AS campaigns FROM campaign_ai_summary WHERE date >= subtractDays(today(), 14)

SELECT campaign_name, conversion_value FROM campaign_ai_summary WHERE conversion_value > (SELECT avg(conversion_value) * 1.5 FROM campaign_ai_summary) ORDER BY conversion_value DESC, campaign_name, date, send_channel

SELECT campaign_id, date FROM campaign_ai_summary WHERE campaign_id IN (SELECT campaign_id FROM campaign_weekly_rollup WHERE total_revenue > 0.3) ORDER BY campaign_id, date, send_channel LIMIT 20

SELECT campaign_name FROM campaign_ai_summary WHERE send_channel NOT IN ('sms', 'push') GROUP BY campaign_name ORDER BY campaign_name

SELECT flow_name FROM flow_ai_summary WHERE (flow_id, send_channel) IN (SELECT flow_id, send_channel FROM flow_weekly_rollup WHERE total_recipients > 0) GROUP BY flow_name ORDER BY flow_name

SELECT campaign_name FROM campaign_ai_summary GROUP BY campaign_name HAVING EXISTS (SELECT 1 FROM flow_ai_summary) ORDER BY campaign_name

SELECT groupArray(campaign_name) AS names FROM (SELECT campaign_name FROM campaign_ai_summary GROUP BY campaign_name ORDER BY campaign_name)

SELECT send_channel, arraySort(groupUniqArray(campaign_name)) AS names FROM campaign_ai_summary GROUP BY send_channel ORDER BY send_channel

SELECT send_channel, arrayStringConcat(arraySort(groupUniqArray(day_name)), ', ') AS days FROM campaign_ai_summary GROUP BY send_channel ORDER BY send_channel

WITH days AS (SELECT groupArray(revenue) AS r FROM (SELECT date, sum(conversion_value) AS revenue FROM flow_ai_summary GROUP BY date ORDER BY date))
SELECT arrayMax(r) AS best, arrayMin(r) AS worst, round(arrayAvg(r), 4) AS mean, length(r) AS n FROM days

WITH days AS (SELECT arraySort(groupArray((date, recipients))) AS d FROM campaign_ai_summary)
SELECT arrayMap(x -> x.2 * 2, arraySlice(d, 1, 5)) AS doubled, arrayFilter(x -> x.2 > 90, d) AS large FROM days

SELECT date, campaign FROM (SELECT date, groupUniqArray(campaign_name) AS names FROM campaign_ai_summary GROUP BY date) ARRAY JOIN names AS campaign ORDER BY date, campaign LIMIT 30

SELECT arrayJoin([7, 14, 28]) AS days, (SELECT count() FROM campaign_ai_summary) AS rows ORDER BY days

SELECT topK(3)(campaign_name) AS names FROM campaign_ai_summary WHERE campaign_name = 'Sale 1'

SELECT any(send_channel), max(date), min(date), count() FROM campaign_ai_summary WHERE send_channel = 'email'

SELECT send_channel, sum(conversion_value) AS revenue FROM campaign_ai_summary GROUP BY send_channel WITH TOTALS ORDER BY send_channel

SELECT send_channel, day_name, sum(recipients) AS n FROM campaign_ai_summary GROUP BY ROLLUP(send_channel, day_name) ORDER BY send_channel, day_name, n

SELECT send_channel, day_name, sum(recipients) AS n FROM campaign_ai_summary GROUP BY GROUPING SETS ((send_channel), (day_name)) ORDER BY send_channel, day_name

SELECT date, sum(conversion_value) AS revenue FROM campaign_ai_summary WHERE date >= today() - 10 GROUP BY date ORDER BY date WITH FILL FROM today() - 10 TO today()

SELECT toStartOfInterval(date, INTERVAL 2 WEEK) AS fortnight, sum(recipients) AS n FROM campaign_ai_summary GROUP BY fortnight ORDER BY fortnight

SELECT coalesce(nullIf(campaign_name, ''), 'unnamed') AS name, count() AS n FROM campaign_ai_summary GROUP BY name ORDER BY name

SELECT round(sum(clicks_unique) / greatest(sum(opens_unique), 1), 6) AS ctor, least(1, sum(clicks)) AS any_click FROM flow_ai_summary

SELECT send_channel, sum(unsubscribes) * 1000.0 / sum(delivered) AS per_thousand FROM campaign_ai_summary GROUP BY send_channel ORDER BY per_thousand, send_channel

SELECT date, sum(total_revenue) AS revenue, sum(total_recipients) AS recipients FROM channel_performance_daily WHERE date > today() - 28 GROUP BY date ORDER BY revenue DESC, date LIMIT 3

SELECT performance_label, count() AS n, round(avg(conversion_value), 4) AS mean FROM campaign_ai_summary GROUP BY performance_label ORDER BY performance_label

SELECT countIf(is_anomaly = 1) AS odd, count() AS n, round(100 * odd / n, 2) AS pct FROM flow_ai_summary

SELECT dense_rank() OVER (ORDER BY total_revenue DESC) AS place, date, send_channel FROM channel_performance_daily WHERE date = today() - 3 ORDER BY place, send_channel

SELECT date, conversion_value, leadInFrame(conversion_value) OVER (PARTITION BY campaign_id, send_channel ORDER BY date ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next_value FROM campaign_ai_summary WHERE campaign_id = 'c1' ORDER BY send_channel, date

SELECT flow_name, ntile(4) OVER (ORDER BY sum(conversion_value) DESC, flow_name) AS quarter FROM flow_ai_summary GROUP BY flow_name ORDER BY flow_name

SELECT date, sum(conversion_value) AS revenue, max(revenue) OVER () AS best FROM campaign_ai_summary GROUP BY date ORDER BY date

SELECT date, r, r / sum(r) OVER (PARTITION BY toMonday(date)) AS share FROM (SELECT date, sum(conversion_value) AS r FROM flow_ai_summary GROUP BY date) ORDER BY date

SELECT date, r, sum(r) OVER w AS s, avg(r) OVER w AS a FROM (SELECT date, sum(recipients) AS r FROM flow_ai_summary GROUP BY date) WINDOW w AS (ORDER BY date RANGE BETWEEN 6 PRECEDING AND CURRENT ROW) ORDER BY date

SELECT campaign_name, date, conversion_value FROM campaign_ai_summary QUALIFY row_number() OVER (PARTITION BY campaign_name ORDER BY conversion_value DESC, date, send_channel) = 1 ORDER BY campaign_name

WITH first_seen AS (SELECT flow_id, min(date) AS first_date FROM flow_ai_summary GROUP BY flow_id), totals AS (SELECT flow_id, sum(conversion_value) AS revenue FROM flow_ai_summary GROUP BY flow_id)
SELECT t.flow_id, f.first_date, t.revenue FROM totals AS t JOIN first_seen AS f ON f.flow_id = t.flow_id ORDER BY t.flow_id

WITH (SELECT max(date) FROM campaign_ai_summary) AS newest SELECT campaign_name, sum(recipients) AS n FROM campaign_ai_summary WHERE date = newest GROUP BY campaign_name ORDER BY campaign_name

WITH today() - 28 AS since SELECT send_channel, sum(total_revenue) AS revenue FROM channel_performance_daily WHERE date >= since GROUP BY send_channel ORDER BY send_channel

WITH RECURSIVE steps AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM steps WHERE n < 5) SELECT n, today() - n AS day FROM steps ORDER BY n

SELECT -- revenue by channel
send_channel, /* money */ sum(total_revenue) AS "revenue of all" FROM channel_performance_daily GROUP BY send_channel ORDER BY send_channel

SELECT s.send_channel AS `channel`, sum(s.total_revenue) `Umsatz` FROM channel_performance_daily s GROUP BY s.send_channel ORDER BY 1

SELECT toString(date) AS d, toFloat64(recipients) AS f, toUInt32(opens) AS u, CAST(clicks AS Float64) AS c, conversions::Int32 AS i FROM campaign_ai_summary WHERE campaign_id = 'c2' AND date > today() - 5 ORDER BY d, send_channel

SELECT tuple(send_channel, sum(recipients)) AS pair FROM campaign_ai_summary GROUP BY send_channel ORDER BY pair

SELECT map('revenue', sum(conversion_value), 'recipients', toFloat64(sum(recipients))) AS m FROM flow_ai_summary

SELECT abs(sum(daily_change)) AS change, sign(sum(daily_change)) AS direction FROM segment_ai_trends

SELECT segment_name, total_members, total_members - any(total_members) OVER (PARTITION BY segment_id ORDER BY date ROWS BETWEEN 7 PRECEDING AND 7 PRECEDING) AS week_change FROM segment_ai_trends ORDER BY segment_name, date

SELECT simpleLinearRegression(toUInt32(date), total_members) AS line FROM segment_ai_trends WHERE segment_id = 's1'

SELECT mannWhitneyUTest(open_rate, is_weekend) AS test FROM campaign_ai_summary

SELECT * EXCEPT (updated_at, klaviyo_public_id) FROM campaign_ai_summary WHERE date = today() - 2 ORDER BY campaign_id, send_channel

SELECT * REPLACE (round(open_rate, 2) AS open_rate) FROM campaign_ai_summary WHERE date = today() - 2 ORDER BY campaign_id, send_channel

SELECT COLUMNS('rate') FROM campaign_ai_summary WHERE date = today() - 4 ORDER BY campaign_id, send_channel

SELECT count(*) FROM flow_ai_summary WHERE is_settled AND NOT has_prior_week

SELECT date, campaign_name FROM campaign_ai_summary WHERE date BETWEEN toDate('2020-01-01') AND today() AND send_channel = 'email' ORDER BY date DESC, campaign_name LIMIT 10 OFFSET 5

SELECT date AS d FROM campaign_ai_summary WHERE d >= today() - 3 GROUP BY d ORDER BY d ASC NULLS LAST

SELECT n FROM (SELECT send_channel, sum(recipients) AS n FROM campaign_ai_summary GROUP BY send_channel) ORDER BY n

SELECT send_channel, formatReadableQuantity(sum(recipients)) AS n, bar(sum(recipients), 0, 100000, 10) AS b FROM campaign_ai_summary GROUP BY send_channel ORDER BY send_channel

SELECT campaign_name FROM campaign_ai_summary WHERE match(campaign_name, '^(Sale|Welcome)') GROUP BY campaign_name ORDER BY campaign_name

SELECT uniq(flow_id) AS flows, uniqCombined(flow_id) AS more FROM flow_ai_summary

SELECT maxIf(conversion_value, send_channel = 'email') AS mail, minOrNull(conversion_value) AS least_value, avgWeighted(open_rate, delivered) AS weighted FROM campaign_ai_summary

SELECT week_start_date, best_day_date, best_day_revenue FROM ai_flow_weekly WHERE best_day_revenue > 0 ORDER BY week_start_date, flow_id, send_channel

SELECT klaviyo_public_id, sum(total_revenue) AS revenue FROM channel_performance_daily GROUP BY klaviyo_public_id ORDER BY klaviyo_public_id

SELECT t.month, t.revenue, round((t.revenue / p.revenue - 1) * 100, 2) AS pct FROM (SELECT month, sum(total_revenue) AS revenue FROM ai_historical_baseline GROUP BY month) AS t LEFT JOIN (SELECT addMonths(month, 1) AS month, sum(total_revenue) AS revenue FROM ai_historical_baseline GROUP BY month) AS p ON p.month = t.month ORDER BY t.month
