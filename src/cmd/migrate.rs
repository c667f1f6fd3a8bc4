//! `aiviews migrate`: creates or evolves the summary tables, helper views, run log and ledger.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Global, Verb, duration};
use crate::db::connection::{self, Connection};
use crate::db::retry::RetryPolicy;
use crate::db::target::{Embedded, Target};
use crate::db::{Db, Way};
use crate::exit::stop::{Manner, Stop};
use crate::exit::{ExitCode, Failure};
use crate::lock;
use crate::output::{self, printable};
use crate::refresh::privilege;
use crate::schema::capacity;
use crate::schema::diff::{self, Finding};
use crate::schema::migrate::{self, Plan, Rebuilds, Survey};
use crate::sql;

/// Arguments of `migrate`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  aiviews migrate --dry-run   print every statement, change nothing
  aiviews migrate --rebuild   also copy tables whose partition or sorting key differs")]
pub struct Arguments {
    /// Print the statements and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Rebuild tables whose engine, partition or sorting key differs: copied, checked, exchanged, the old one kept
    #[arg(long)]
    rebuild: bool,
    /// How long to wait for another run to end
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    wait: Duration,
    /// One JSON document on stdout
    #[arg(long)]
    json: bool,
}

impl Verb for Arguments {
    const MANNER: Manner = Manner::Writes;

    fn wants_json(&self) -> bool {
        self.json
    }
}

pub(super) async fn run(global: &Global, arguments: &Arguments, stop: &Stop) -> Result<ExitCode> {
    let deadline = Instant::now() + arguments.wait;
    let target = Target::from_options(&global.connect)?;
    let (connection, _throw_away) = match arguments.dry_run && target.refuse_without_data().is_err() {
        false => (super::connect(global, arguments.wait, stop).await?, None),
        true => open_nothing(global, &target).await?,
    };
    let db = &connection.db;
    let (plan, not_durable) = make_plan(&db.interruptible(), arguments).await?;
    if !not_durable.is_empty() {
        let tables = not_durable.join(", ");
        tracing::warn!("a power cut may take the last rows of {tables}: to prevent it needs ALTER SETTINGS");
    }
    if arguments.dry_run {
        show(db, &plan, arguments);
        return refuse(&plan);
    }
    let mut done = Vec::new();
    let outcome = match plan.actions.is_empty() || !plan.by_hand.is_empty() {
        true => Ok(plan.clone()),
        false => change(db, arguments, &plan, deadline, stop, &mut done).await,
    };
    let crowded = capacity::crowded(db).await?;
    for table in &crowded {
        tracing::warn!("{table}");
    }
    if arguments.json {
        let left = outcome.as_ref().map(problems).unwrap_or_default();
        let ok = outcome.is_ok() && left.is_empty();
        output::print_json(&json!({
            "ok": ok, "target": db.target(), "dry_run": false, "actions": done, "problems": left, "many_partitions": crowded,
        }));
    } else if plan.actions.is_empty() && problems(&plan).is_empty() {
        output::print("nothing to do");
    }
    refuse(&outcome?)
}

/// What a folder that does not exist would be like: an empty engine in another one, which goes with the run.
async fn open_nothing(global: &Global, target: &Target) -> Result<(Connection, Option<TempDir>)> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder for the embedded engine")?;
    let stand_in = match target.clone() {
        Target::Embedded(embedded) => {
            Target::Embedded(Embedded { data_dir: folder.path().to_owned(), ..embedded })
        }
        server => server,
    };
    let connection = connection::open(&stand_in, RetryPolicy::default(), Instant::now()).await?;
    let cluster = Target::cluster(&global.connect)?;
    let db = connection.db.in_cluster(cluster.as_deref())?.named(&target.to_string());
    Ok((Connection { db, ..connection }, Some(folder)))
}

/// The plan, and the tables whose settings this user may not set.
async fn make_plan(db: &Db, arguments: &Arguments) -> Result<(Plan, Vec<String>)> {
    let rebuilds = if arguments.rebuild { Rebuilds::Do } else { Rebuilds::Leave };
    let mut plan = migrate::plan(&Survey::read(db).await?.differences(), rebuilds);
    let optional: Vec<&str> =
        plan.actions.iter().filter(|action| action.is_optional()).map(migrate::Action::object).collect();
    if optional.is_empty() || privilege::may_set(db, &optional).await? {
        return Ok((plan, Vec::new()));
    }
    let left = optional.into_iter().map(str::to_owned).collect();
    plan.actions.retain(|action| !action.is_optional());
    Ok((plan, left))
}

/// Runs the plan under the lock: made anew there, as another run may just have ended.
async fn change(
    db: &Db,
    arguments: &Arguments,
    plan: &Plan,
    deadline: Instant,
    stop: &Stop,
    done: &mut Vec<Value>,
) -> Result<Plan> {
    super::announce(db);
    privilege::refuse_missing(&db.interruptible(), &privilege::to_migrate(db, &plan.actions)).await?;
    let db = &db.for_a_run().await?;
    let held = lock::hold(db, deadline, stop, change_locked(db, arguments, stop, done)).await?;
    held.released.map(|()| held.work)
}

async fn change_locked(db: &Db, arguments: &Arguments, stop: &Stop, done: &mut Vec<Value>) -> Result<Plan> {
    let (plan, _) = make_plan(&db.interruptible(), arguments).await?;
    if !plan.by_hand.is_empty() {
        return Ok(plan);
    }
    migrate::execute(db, &plan.actions, stop, |action, note| {
        done.push(json!({
            "action": action.verb(), "object": action.object(), "reason": action.reason(), "note": note,
        }));
        if !arguments.json {
            let note = note.map_or_else(String::new, |note| format!("\n    {note}"));
            output::print_words(&format!("{}{note}", printable(&action.to_string())));
        }
    })
    .await?;
    // Nothing counts as done that the database itself does not show.
    let (after, _) = make_plan(db, arguments).await?;
    match after.actions.iter().find(|action| !action.is_optional()) {
        None => Ok(after),
        Some(action) => {
            let message = format!("the server took every statement, but still has to: {action}");
            Err(Failure::new(ExitCode::SchemaMismatch, message).hint("run `aiviews verify`").into())
        }
    }
}

fn problems(plan: &Plan) -> Vec<Finding> {
    plan.by_hand.iter().chain(&plan.rebuilds_left).map(Finding::from).collect()
}

/// Exit 6 where something is left that migrate cannot, or may not, mend.
fn refuse(plan: &Plan) -> Result<ExitCode> {
    let (differences, what) = match (&plan.by_hand, &plan.rebuilds_left) {
        (by_hand, _) if !by_hand.is_empty() => (by_hand, "nothing was changed"),
        (_, left) if !left.is_empty() => (left, "everything else is as it should be"),
        _ => return Ok(ExitCode::Done),
    };
    let message = format!("{}; {what}", diff::describe(differences));
    Err(Failure::new(ExitCode::SchemaMismatch, message).hint(differences[0].remedy()).into())
}

/// The statements, each ended by `;`, so that they can be reviewed or run by hand.
fn show(db: &Db, plan: &Plan, arguments: &Arguments) {
    let statements =
        |action| migrate::statements(db, action).iter().map(|it| it.script()).collect::<Vec<_>>();
    if arguments.json {
        let actions: Vec<Value> = plan
            .actions
            .iter()
            .map(|action| {
                json!({
                    "action": action.verb(), "object": action.object(), "reason": action.reason(),
                    "statements": statements(action),
                })
            })
            .collect();
        let problems = problems(plan);
        let ok = problems.is_empty();
        output::print_json(&json!({
            "ok": ok, "target": db.target(), "dry_run": true, "actions": actions, "problems": problems,
            "way": db.way().word(), "distributed": distributed(db),
        }));
        return;
    }
    for action in &plan.actions {
        let action_line = printable(&action.to_string());
        output::print(&format!("-- {action_line}\n{}\n", statements(action).join("\n")));
    }
    if plan.actions.is_empty() && problems(plan).is_empty() {
        output::print("-- nothing to do");
    }
    let distributed = distributed(db);
    if !distributed.is_empty() {
        output::print(&format!(
            "-- Not made by migrate: where the cluster has shards, these read all of them. An account lives on one \
             shard, such as cityHash64(klaviyo_public_id) % <shards>.\n\n{}",
            distributed.join("\n\n")
        ));
    }
}

/// Tables over all shards, one for each table and view that people read.
fn distributed(db: &Db) -> Vec<String> {
    let Way::Cluster(cluster) = db.way() else { return Vec::new() };
    let over = |object: &&str| {
        let statement = db.statement(&sql::DISTRIBUTED);
        let statement = statement.generated_name("name", &format!("{object}_all_shards"));
        let statement = statement.literal("cluster", cluster).literal("database", db.database());
        statement.generated_name("object", object).script()
    };
    sql::READABLE.iter().map(over).collect()
}
