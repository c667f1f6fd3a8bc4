//! Hostile statements from a grammar: whatever runs shows nothing of an account whose every text is `CANARY`.

use aiviews::exit::stop::Stop;
use aiviews::mcp::guard::{self, Refusal};

use crate::guard::{agency, mine};
use crate::support;

/// A small generator of numbers (SplitMix64): the same seed makes the same statements.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn one<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[(self.next() % choices.len() as u64) as usize]
    }
}

/// What a name in `<>` may become; `|` stands between choices. Most of it is ordinary, so that much of it runs.
const GRAMMAR: &[(&str, &str)] = &[
    // `narrow` has one column of text, so that unions and subqueries fit.
    (
        "statement",
        "<select>|<select>|<narrow>|<with> <select>|<with> <narrow>|<narrow> UNION ALL <narrow>|<narrow> <tail>|(<narrow>) <hostile>|<narrow> EXCEPT <narrow>|<select> UNION ALL <select>",
    ),
    (
        "with",
        "WITH x AS (<select>)|WITH x AS (<narrow>), y AS (SELECT * FROM x)|WITH x AS (<narrow> UNION ALL <narrow>)|WITH (SELECT max(<column>) FROM <table>) AS z|WITH RECURSIVE x AS (<select>)|WITH <table> AS (<select>)",
    ),
    (
        "select",
        "SELECT <columns> FROM <source> <where> <order>|SELECT <columns> FROM <source> <where> <order>|SELECT <aggregate> FROM <source> <where>|SELECT <column>, <aggregate> FROM <source> <where> GROUP BY <column>|SELECT <columns> FROM (<select>) <where>",
    ),
    (
        "narrow",
        "SELECT klaviyo_public_id FROM <table> <where> <order>|SELECT <text> FROM <table> <where> <order>|SELECT <text> FROM (<narrow>) AS a <where>|SELECT DISTINCT <text> FROM <table> AS a <join> <where>|SELECT <text> FROM <table>|SELECT <text> FROM <table>|SELECT <text> FROM <odd>|SELECT max(<text>) FROM <table> AS a <join> <where>",
    ),
    (
        "text",
        "klaviyo_public_id|klaviyo_public_id|upper(klaviyo_public_id)|hex(klaviyo_public_id)|concat(klaviyo_public_id, '')|(<narrow> LIMIT 1)|any(klaviyo_public_id) OVER ()|first_value(klaviyo_public_id) OVER (ORDER BY klaviyo_public_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)|arrayStringConcat(arrayMap(k -> if(k IN (<narrow>), k, ''), [klaviyo_public_id]))|arrayJoin(splitByString('z', klaviyo_public_id))|ifNull(nullIf(klaviyo_public_id, 'mine'), 'mine')|toString(tuple(*))|CAST(klaviyo_public_id, 'LowCardinality(String)')",
    ),
    (
        "join",
        "| |JOIN <table> AS b USING (klaviyo_public_id)|FULL JOIN <table> AS b ON a.klaviyo_public_id = b.klaviyo_public_id|LEFT ANTI JOIN <table> AS b USING (klaviyo_public_id)|ARRAY JOIN [1, 2] AS z|CROSS JOIN (<narrow> LIMIT 2) AS b|JOIN <odd> AS b USING (klaviyo_public_id)",
    ),
    (
        "columns",
        "*|<column>|<column>, <column>|<expression>|<expression> AS <name>|COLUMNS('<letters>')|* EXCEPT (<column>)|a.*|tuple(*)|untuple(tuple(*))",
    ),
    (
        "column",
        "klaviyo_public_id|klaviyo_public_id|klaviyo_public_id|klaviyo_public_id|klaviyo_public_id|klaviyo_public_id|klaviyo_public_id|klaviyo_public_id|send_channel|flow_name|campaign_name|date|recipients|name|_part|a.klaviyo_public_id",
    ),
    ("letters", "name|id|.*|^k"),
    ("name", "x|campaign_ai_summary|klaviyo_public_id|`a b`|\"q\""),
    (
        "expression",
        "<function>|concat(<column>, <column>)|if(<condition>, <column>, '')|(<select>)|toString(<column>)|CASE WHEN <condition> THEN <column> ELSE '' END|lagInFrame(<column>) OVER (ORDER BY klaviyo_public_id)|any(<column>) OVER ()|arrayJoin([<column>])|CAST(<column>, 'String')|toUInt64(<column>)",
    ),
    (
        "function",
        "upper(<column>)|hex(<column>)|reverse(<column>)|concat(<column>, 'x')|file('x')|hostName()|getSetting('readonly')|currentUser()|dictGet('d', 'a', 1)|joinGet('customers', 'name', 1)|splitByString('A', <column>)|substring(<column>, 1, 3)|throwIf(1)|accurateCast(<column>, 'UInt8')|parseDateTime(<column>, '%Y')|toDate(<column>)",
    ),
    (
        "aggregate",
        "max(<column>)|groupArray(<column>)|groupUniqArray(<column>)|any(<column>)|count()|uniq(<column>)|argMax(<column>, <column>)|topK(5)(<column>)|maxIf(<column>, <condition>)|min(<expression>)|uniqState(<column>)",
    ),
    (
        "table",
        "campaign_ai_summary|flow_ai_summary|ai_flow_recent|ai_campaign_recent|ai_campaign_weekly|ai_best_performers|channel_performance_daily|segment_ai_trends|form_ai_performance|campaign_weekly_rollup|flow_weekly_rollup|ai_historical_baseline|ai_channel_comparison|ai_day_of_week_patterns|ai_flow_weekly",
    ),
    (
        "source",
        "<table>|<table>|<table>|<table> AS a|<table> AS a|<table> AS a CROSS JOIN <table> AS b|<table> AS a FULL JOIN <table> AS b ON a.klaviyo_public_id = b.klaviyo_public_id|(<select>) AS a|x|<table> AS a, <table>|<odd>",
    ),
    (
        "odd",
        "customers|<this>.customers|<this>.<table>|`<this>`.<table>|merge('<this>', '.*')|system.parts|view(SELECT * FROM customers)|customers AS campaign_ai_summary|numbers(3)|customer_names|<table> FINAL|<table> SAMPLE 1|ai_refresh_log",
    ),
    (
        "where",
        "| | | | | |WHERE <condition>|WHERE <condition>|WHERE <condition>|WHERE <condition> OR <condition>|QUALIFY <condition>",
    ),
    (
        "condition",
        "1|1|klaviyo_public_id != ''|klaviyo_public_id > 'A'|klaviyo_public_id IN (<narrow>)|EXISTS (<narrow>)|klaviyo_public_id = concat('CAN', 'ARY')|klaviyo_public_id != 'mine'|NOT klaviyo_public_id = 'mine'|klaviyo_public_id LIKE 'C%'|klaviyo_public_id IN (SELECT klaviyo_public_id FROM <table>)|<column> IN <table>|<column> GLOBAL IN (<select>)|toUInt64(<column>) > 0|1 OR klaviyo_public_id IN ('mine')|EXISTS (<select>)|(<column>, 1) IN (<select>)|has([<column>], concat('CAN', 'ARY'))|<column> > (SELECT min(<column>) FROM <table>)|concat('CAN', 'ARY') IN customer_names",
    ),
    (
        "order",
        "| | | | |ORDER BY klaviyo_public_id DESC|ORDER BY klaviyo_public_id LIMIT 3|LIMIT 1 BY klaviyo_public_id|LIMIT 5 OFFSET 1|ORDER BY (<narrow>)|LIMIT -3|LIMIT 0.5|GROUP BY klaviyo_public_id WITH CUBE|GROUP BY GROUPING SETS ((klaviyo_public_id), ())|ORDER BY klaviyo_public_id WITH FILL|ORDER BY throwIf(klaviyo_public_id != 'mine')",
    ),
    (
        "tail",
        "SETTINGS readonly = 0|SETTINGS additional_table_filters = DEFAULT|FORMAT CSV|INTO OUTFILE 'x'|; SELECT 1|-- comment|/* comment */|UNION ALL SELECT name FROM customers",
    ),
    (
        "hostile",
        "UNION ALL SELECT name FROM customers|) UNION ALL SELECT * FROM (<select>|INTERSECT <select>|LIMIT 1000000|",
    ),
];

fn grow(dice: &mut Dice, text: &str, depth: usize, out: &mut String) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        let (name, after) = after.split_once('>').expect("closed");
        rest = after;
        match GRAMMAR.iter().find(|(rule, _)| *rule == name) {
            None => out.push_str(&format!("<{name}>")),
            // Deep down only what ends.
            Some(_) if depth > 6 && matches!(name, "select" | "narrow" | "with") => {
                out.push_str("SELECT 'x'")
            }
            Some((_, choices)) => {
                let choices: Vec<&str> = choices.split('|').collect();
                let choice = dice.one(&choices);
                grow(dice, choice, depth + 1, out);
            }
        }
    }
    out.push_str(rest);
}

/// A statement of the grammar about this database.
fn statement(dice: &mut Dice, database: &str) -> String {
    let mut text = String::new();
    grow(dice, "<statement>", 0, &mut text);
    text.replace("<this>", database)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_of_the_grammar_shows_the_canary() {
    let db = agency("canary").await;
    let count = match std::env::var_os("AIVIEWS_TEST_LONG") {
        Some(_) => 100_000,
        None => 300,
    };
    let (_sender, stop) = Stop::by_hand();
    let (mut refused, mut failed, mut answered, mut rows_seen) = (0, 0, 0, 0);
    let mut dice = Dice(1);
    for _ in 0..count {
        let text = statement(&mut dice, db.database());
        let shown = match guard::check(&db, &text, &mine()).await {
            Err(error) if error.is::<Refusal>() => {
                refused += 1;
                continue;
            }
            Err(error) => {
                failed += 1;
                format!("{error:#}")
            }
            Ok(checked) => match checked.run(&db, 1000, 0, &stop).await {
                Ok(rows) => {
                    answered += 1;
                    rows_seen += rows.answer.rows.len();
                    serde_json::to_string(&rows.answer.rows).expect("JSON")
                }
                Err(error) => {
                    failed += 1;
                    format!("{error:#}")
                }
            },
        };
        assert!(!shown.contains("CANARY") && !shown.contains("7777"), "{text}\n{shown}");
    }
    println!(
        "{count} statements: {refused} refused, {failed} failed, {answered} answered with {rows_seen} rows"
    );
    support::drop_database(&db).await;
    assert!(
        refused > 0 && failed > 0 && answered * 20 > count && rows_seen > answered,
        "{refused} {failed} {answered} {rows_seen}"
    );
}
