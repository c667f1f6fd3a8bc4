//! Holes in what keeps a chatbot's user on a server to its accounts. What was read is judged by a pure function.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use clickhouse::Row;
use serde::Deserialize;

use super::Report;
use crate::db::codes;
use crate::db::{Db, QueryError, quoted_name};
use crate::exit::{ExitCode, Failure};
use crate::output::printable;
use crate::schema;
use crate::schema::diff::{Finding, Severity};
use crate::schema::grants::{self, CHATBOT_LIMITS};
use crate::sql;

/// Versions from which `mergeTreeIndex()` keeps to row policies, line by line; later lines do, earlier ones never.
const INDEX_KEEPS_POLICIES: [[u32; 4]; 4] = [[26, 3, 22, 6], [26, 5, 8, 18], [26, 6, 4, 10], [26, 7, 6, 5]];

/// A user or a role, as in `GRANT .. TO`, whichever is not empty.
type Holder = (String, String);

#[derive(Clone, Debug, Row, Deserialize)]
struct Policy {
    policy_name: String,
    table_name: String,
    filter: String,
    for_all: u8,
    for_these: Vec<String>,
    not_for: Vec<String>,
}

#[derive(Clone, Debug, Row, Deserialize)]
struct Grant {
    to_user: String,
    to_role: String,
    access: String,
    database_name: String,
    object_name: String,
    is_passed_on: u8,
}

#[derive(Clone, Debug, Row, Deserialize)]
struct RoleGrant {
    to_user: String,
    to_role: String,
    role: String,
}

#[derive(Clone, Debug, Row, Deserialize)]
struct ProfileUse {
    profile: String,
    for_all: u8,
    for_these: Vec<String>,
    not_for: Vec<String>,
}

#[derive(Clone, Debug, Row, Deserialize)]
struct Setting {
    of_user: String,
    of_role: String,
    of_profile: String,
    setting: String,
    value: String,
    lowest: String,
    highest: String,
    writability: String,
    inherits: String,
}

#[derive(Clone, Debug, Row, Deserialize)]
struct OddView {
    view_name: String,
    what: String,
}

/// All that was read.
#[derive(Clone, Debug)]
struct Facts {
    user: String,
    database: String,
    version: String,
    policies: Vec<Policy>,
    grants: Vec<Grant>,
    roles: Vec<RoleGrant>,
    profiles: Vec<ProfileUse>,
    settings: Vec<Setting>,
    views: Vec<OddView>,
}

/// Looks for holes around this user.
pub async fn verify_chatbot(db: &Db, user: &str) -> Result<Report> {
    let facts = match read(db, user).await {
        Err(error) if QueryError::code_of(&error) == Some(codes::ACCESS_DENIED) => {
            return Err(unseen(db).into());
        }
        facts => facts?,
    };
    let compared = format!(
        "row policies, grants, limits of `{}`, views over {} tables, the server's version",
        printable(user),
        schema::tables_to_read().count()
    );
    Ok(Report::new(judge(&facts), compared))
}

async fn read(db: &Db, user: &str) -> Result<Facts> {
    let users: Vec<String> = db.statement(&sql::CHATBOT_USERS).param("user", user).fetch_all().await?;
    if users.is_empty() {
        let message = format!("there is no user `{}` on {}", printable(user), db.target());
        let hint = "`aiviews grants --for chatbot` prints the statements that make one";
        return Err(Failure::new(ExitCode::Usage, message).hint(hint).into());
    }
    let tables: Vec<&str> = schema::tables_to_read().collect();
    Ok(Facts {
        user: user.to_owned(),
        database: db.database().to_owned(),
        version: db.version().to_owned(),
        policies: db.statement(&sql::CHATBOT_POLICIES).fetch_all().await?,
        grants: db.statement(&sql::CHATBOT_GRANTS).fetch_all().await?,
        roles: db.statement(&sql::CHATBOT_ROLES).fetch_all().await?,
        profiles: db.statement(&sql::CHATBOT_PROFILES).fetch_all().await?,
        settings: db.statement(&sql::CHATBOT_SETTINGS).fetch_all().await?,
        views: db.statement(&sql::CHATBOT_VIEWS).param("tables", tables).fetch_all().await?,
    })
}

fn unseen(db: &Db) -> Failure {
    let message = format!("this user may not see who may do what on {}", db.target());
    Failure::new(ExitCode::AccessDenied, message).hint(
        "on a server: GRANT SHOW ACCESS, SHOW TABLES ON *.* TO it; the embedded engine has no users of its own \
         to look at, and its walls are those before the server",
    )
}

fn judge(facts: &Facts) -> Vec<Finding> {
    let roles = roles_of(&facts.user, &facts.roles);
    let mut findings = without_policy(facts, &roles);
    findings.extend(granted_too_much(facts, &roles));
    findings.extend(limits(facts, &roles));
    findings.extend(facts.views.iter().map(odd_view));
    findings.extend(old_server(&facts.version));
    findings.push(Finding {
        severity: Severity::Warning,
        object: "select_from_system_db_requires_grant".to_owned(),
        expected: "true in <access_control_improvements> of the server's configuration".to_owned(),
        found: "cannot be seen here: no system table shows it".to_owned(),
        remedy: "look into config.xml: without it the user reads names of partitions, which are account ids"
            .to_owned(),
    });
    findings
}

fn error(
    object: impl Into<String>,
    expected: impl Into<String>,
    found: impl Into<String>,
    remedy: impl Into<String>,
) -> Finding {
    let (object, expected, found, remedy) = (object.into(), expected.into(), found.into(), remedy.into());
    Finding { severity: Severity::Error, object, expected, found, remedy }
}

/// The roles of a user, those of its roles as well.
fn roles_of(user: &str, grants: &[RoleGrant]) -> BTreeSet<String> {
    let mut roles = BTreeSet::new();
    let mut asked: Vec<Holder> = vec![(user.to_owned(), String::new())];
    while let Some((user, role)) = asked.pop() {
        for grant in grants.iter().filter(|grant| grant.to_user == user && grant.to_role == role) {
            if roles.insert(grant.role.clone()) {
                asked.push((String::new(), grant.role.clone()));
            }
        }
    }
    roles
}

/// Whether something that names whom it is for is for this user, by itself or by a role.
fn is_for(
    user: &str,
    roles: &BTreeSet<String>,
    for_all: u8,
    for_these: &[String],
    not_for: &[String],
) -> bool {
    let names = |list: &[String]| list.iter().any(|name| name == user || roles.contains(name));
    match for_all {
        0 => names(for_these),
        _ => !names(not_for),
    }
}

fn without_policy(facts: &Facts, roles: &BTreeSet<String>) -> Vec<Finding> {
    let user = &facts.user;
    let expected = || format!("a row policy that shows `{user}` its accounts alone");
    let remedy = "run the CREATE ROW POLICY lines of `aiviews grants --for chatbot --klaviyo-id ID`";
    let finding = |table: &str| {
        let mut mine = facts.policies.iter().filter(|policy| {
            (policy.table_name == table || policy.table_name.is_empty())
                && is_for(user, roles, policy.for_all, &policy.for_these, &policy.not_for)
        });
        if let Some(open) = mine.clone().find(|policy| ["", "1", "true"].contains(&policy.filter.trim())) {
            let found = format!("policy `{}` hides nothing", open.policy_name);
            return Some(error(table, expected(), found, remedy));
        }
        mine.next().is_none().then(|| error(table, expected(), "none", remedy))
    };
    schema::tables_to_read().filter_map(finding).collect()
}

/// One finding for all that is granted too much at one place.
fn granted_too_much(facts: &Facts, roles: &BTreeSet<String>) -> Vec<Finding> {
    let mut too_much: BTreeMap<(Holder, String), Vec<String>> = BTreeMap::new();
    for grant in &facts.grants {
        let is_mine = match grant.to_role.is_empty() {
            true => grant.to_user == facts.user,
            false => roles.contains(&grant.to_role),
        };
        let is_ours = grant.database_name == facts.database
            && grants::objects().any(|object| object == grant.object_name);
        let is_expected = is_ours && grant.access == "SELECT" && grant.is_passed_on == 0;
        if is_mine && !is_expected {
            let name = |name: &str| if name.is_empty() { "*".to_owned() } else { quoted_name(name) };
            let place = format!("{}.{}", name(&grant.database_name), name(&grant.object_name));
            let holder = (grant.to_user.clone(), grant.to_role.clone());
            let passed_on = if grant.is_passed_on == 0 { "" } else { " WITH GRANT OPTION" };
            too_much.entry((holder, place)).or_default().push(format!("{}{passed_on}", grant.access));
        }
    }
    let finding = |(((user, role), place), accesses): (_, Vec<String>)| {
        let holder: String = if String::is_empty(&role) { user } else { role };
        let shown = match accesses.len() {
            0..=5 => accesses.join(", "),
            count => format!("{} and {} more", accesses[..5].join(", "), count - 5),
        };
        error(
            &place,
            "SELECT on the summary tables, the outlook's and their views, nothing else",
            format!("{shown} ON {place} for `{holder}`"),
            format!(
                "REVOKE ALL ON {place} FROM {}, then `aiviews grants --for chatbot`",
                quoted_name(&holder)
            ),
        )
    };
    too_much.into_iter().map(finding).collect()
}

/// The settings that reach this user: its own, those of its roles, and of every profile that these inherit.
fn settings_of<'a>(facts: &'a Facts, roles: &BTreeSet<String>) -> Vec<&'a Setting> {
    let mut profiles: BTreeSet<&str> = facts
        .profiles
        .iter()
        .filter(|profile| is_for(&facts.user, roles, profile.for_all, &profile.for_these, &profile.not_for))
        .map(|profile| profile.profile.as_str())
        .collect();
    loop {
        let reaches = |setting: &&Setting| {
            (!setting.of_user.is_empty() && setting.of_user == facts.user)
                || roles.contains(&setting.of_role)
                || profiles.contains(setting.of_profile.as_str())
        };
        let found: Vec<&Setting> = facts.settings.iter().filter(reaches).collect();
        let inherited = found.iter().map(|setting| setting.inherits.as_str()).filter(|name| !name.is_empty());
        let before = profiles.len();
        let inherited: Vec<&str> = inherited.collect();
        profiles.extend(inherited);
        if profiles.len() == before {
            return found;
        }
    }
}

fn limits(facts: &Facts, roles: &BTreeSet<String>) -> Vec<Finding> {
    let settings = settings_of(facts, roles);
    let remedy = "run the CREATE SETTINGS PROFILE line of `aiviews grants --for chatbot`";
    let finding = |name: &str, expected: &str, is_kept: &dyn Fn(&Setting) -> bool| {
        // Where several reach the user, which of them wins is not ours to guess: all must do.
        let all: Vec<&&Setting> = settings.iter().filter(|setting| setting.setting == name).collect();
        let found = match all.iter().find(|setting| !is_kept(setting)) {
            None if !all.is_empty() => return None,
            None => "no such limit".to_owned(),
            Some(bad) => describe(bad),
        };
        Some(error(format!("setting {name}"), expected, found, remedy))
    };
    let readonly = finding("readonly", "1 CONST", &|setting| setting.value == "1" && is_const(setting));
    let mut findings: Vec<Finding> = readonly.into_iter().collect();
    for (name, _) in CHATBOT_LIMITS {
        let expected = "more than 0, and CONST or between MIN 1 and a MAX: 0 is no limit";
        findings.extend(finding(name, expected, &|setting| {
            let is_bounded = is_positive(&setting.lowest) && is_positive(&setting.highest);
            is_positive(&setting.value) && (is_const(setting) || is_bounded)
        }));
    }
    findings
}

fn is_const(setting: &Setting) -> bool {
    setting.writability == "CONST"
}

fn is_positive(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(|number| number > 0.0)
}

fn describe(setting: &Setting) -> String {
    let part = |word: &str, text: &str| if text.is_empty() { String::new() } else { format!("{word}{text}") };
    format!(
        "{}{}{}{}",
        setting.value,
        part(" MIN ", &setting.lowest),
        part(" MAX ", &setting.highest),
        part(" ", &setting.writability)
    )
}

fn odd_view(view: &OddView) -> Finding {
    error(
        &view.view_name,
        "views over the summary tables that run with their reader's rights",
        &view.what,
        "drop it, or make it a plain view with SQL SECURITY INVOKER: row policies of its reader do not reach through it",
    )
}

fn old_server(version: &str) -> Option<Finding> {
    let parts: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
    let keeps = |fixed: &[u32; 4]| parts.get(..2) == Some(&fixed[..2]) && parts[..] >= fixed[..];
    let last = INDEX_KEEPS_POLICIES[INDEX_KEEPS_POLICIES.len() - 1];
    let is_later = parts.get(..2).is_some_and(|line| *line > last[..2]);
    (!is_later && !INDEX_KEEPS_POLICIES.iter().any(keeps)).then(|| {
        error(
            "the server",
            "ClickHouse 26.3.22.6, 26.5.8.18, 26.6.4.10, 26.7.6.5 or a later one of these lines, or 26.8 and newer",
            format!("ClickHouse {version}: mergeTreeIndex() shows rows that row policies hide"),
            "update the server",
        )
    })
}

#[cfg(test)]
#[path = "chatbot_tests.rs"]
mod tests;
