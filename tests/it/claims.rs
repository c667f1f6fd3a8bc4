//! Claims on generated data: without an effect next to nothing is claimed, and figures are the same everywhere.

use aiviews::account::AccountId;
use aiviews::exit::stop::Stop;
use aiviews::question;
use aiviews::seed::{self, Size};
use indicatif::ProgressBar;

use crate::support;

/// Accounts without an effect: each is a seeded one whose campaigns were dealt out anew over its send days.
const NULL_ACCOUNTS: usize = 96;

/// The seeded campaigns keep their numbers; their dates are shuffled, so that no weekday can be a reason of anything.
#[tokio::test(flavor = "multi_thread")]
async fn without_an_effect_of_the_weekday_no_day_stands_out() {
    let db = support::database("null_weekdays").await;
    support::migrate(&db).await;
    let (_sender, stop) = Stop::by_hand();
    let size = Size { accounts: 4, days: 100, seed: 11, stories: false, known_on: None };
    seed::seed(&db, size, &stop, &ProgressBar::hidden()).await.expect("seed");
    // Half of what is dealt out falls on two weekdays, so that there is enough to compare.
    let deal = format!(
        "INSERT INTO campaign_ai_summary (klaviyo_public_id, date, campaign_id, send_channel, recipients, delivered, \
         conversion_value, updated_at) \
         SELECT concat('null', toString(copy)), \
             if(lucky % 2 = 0, toMonday(today()) - 14 - 7 * (intDiv(lucky, 4) % 10) + (intDiv(lucky, 2) % 2), \
                 toMonday(today()) - 14 - intDiv(lucky, 2) % 70), \
             toString(number), 'email', sent, reached, value, now() \
         FROM (SELECT row_number() OVER (ORDER BY campaign_id, klaviyo_public_id) AS number, sum(recipients) AS sent, \
             sum(delivered) AS reached, sum(conversion_value) AS value FROM campaign_statistics_latest \
             WHERE send_channel = 'email' GROUP BY klaviyo_public_id, campaign_id HAVING reached > 0) AS dealt \
         ARRAY JOIN range({NULL_ACCOUNTS}) AS copy, [0] AS unused \
         ARRAY JOIN [sipHash64(number, copy, 'deal')] AS lucky"
    );
    let deal = deal.replace(", [0] AS unused ", " ");
    support::execute(&db, deal).await;
    // An account where Mondays earn twice as much, to show that the test can see.
    let effect = "INSERT INTO campaign_ai_summary (klaviyo_public_id, date, campaign_id, send_channel, recipients, \
         delivered, conversion_value, updated_at) SELECT 'effect', date, campaign_id, send_channel, recipients, \
         delivered, conversion_value * if(toDayOfWeek(date) = 1, 4, 1), now() FROM campaign_ai_summary \
         WHERE klaviyo_public_id = 'null0'";
    support::execute(&db, effect).await;
    support::execute(
        &db,
        "INSERT INTO channel_performance_daily (klaviyo_public_id, date, send_channel, updated_at) \
         SELECT DISTINCT klaviyo_public_id, today() - 1, 'email', now() FROM campaign_ai_summary",
    )
    .await;
    let question = question::find("best_day_to_send").expect("known");
    let values = question.values(&[]).expect("defaults");
    let ids: Vec<String> =
        (0..NULL_ACCOUNTS).map(|copy| format!("null{copy}")).chain(["effect".to_owned()]).collect();
    let accounts: Vec<AccountId> = ids.iter().map(|id| AccountId::new(id).expect("an id")).collect();
    let answer = question.ask(&db, &accounts, &values).await.expect("an answer");
    support::drop_database(&db).await;
    let claims = |id: &str| {
        answer
            .only("account", id)
            .rows
            .iter()
            .any(|row| row.iter().any(|cell| cell == "better" || cell == "worse"))
    };
    let compared =
        |id: &&String| answer.only("account", id).rows.iter().any(|row| row.iter().any(|cell| cell == "no"));
    assert!(ids.iter().filter(compared).count() > NULL_ACCOUNTS * 9 / 10, "hardly anything was compared");
    let claimed = ids[..NULL_ACCOUNTS].iter().filter(|id| claims(id)).count();
    // At most 5 % by the rule, 5 of 96. The data are the same every time but for the weekday of today.
    assert!(claimed <= NULL_ACCOUNTS / 10, "{claimed} of {NULL_ACCOUNTS} accounts claim a weekday");
    assert!(claims("effect"), "an effect of four times is not seen");
}
