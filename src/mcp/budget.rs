//! Budgets: what a token or an account may spend in a day, a week or a month, in calls or in money.
//!
//! A line of the file is `token agency month 1000 calls` or `account XqkVGb day 5.50 money`; `#` begins a comment. What was
//! spent is read from the chat log, so that it outlives this process; what the log does not have yet is counted here.
//! Calls are counted as they begin. Money is known when a turn is told, so the last turn may go over.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use clickhouse::Row;
use serde::Deserialize;
use serde_json::Value;

use super::Caller;
use crate::account::AccountId;
use crate::db::Db;
use crate::exit::{ExitCode, Failure};
use crate::mcp::guard::Scope;
use crate::sql;

/// Shares of a budget that are told, each once, in percent.
const TOLD_AT: [u64; 4] = [50, 75, 90, 100];

/// What the log calls the rule.
pub const VERDICT: &str = "budget";

/// A budget.
#[derive(Clone, Debug, PartialEq)]
struct Budget {
    /// As the file has it, which is how the log names it.
    label: String,
    /// The token, or nothing where an account is meant.
    token: String,
    /// The account, or nothing where a token is meant.
    account: String,
    period: String,
    limit: f64,
    is_money: bool,
}

/// What was spent of one in its period.
#[derive(Clone, Debug, Default)]
struct Spent {
    since: String,
    amount: f64,
    told: u64,
}

/// All budgets.
#[derive(Debug, Default)]
pub struct Budgets {
    budgets: Vec<Budget>,
    spent: Mutex<Vec<Spent>>,
}

/// A share of a budget that was reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossing {
    /// The budget, as the file has it.
    pub budget: String,
    /// The token whose budget it is, if it is one's.
    pub token: String,
    /// The account whose budget it is, if it is one's.
    pub account: String,
    /// 50, 75, 90 or 100.
    pub percent: u64,
}

#[derive(Row, Deserialize)]
struct Logged {
    since: String,
    calls: u64,
    money: f64,
    told: u64,
}

impl Budgets {
    /// Reads the file. Budgets of money need prices.
    pub fn open(file: &Path, has_prices: bool) -> Result<Budgets> {
        let name = file.display();
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read `{name}`"))?;
        let mut budgets = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
            if words.is_empty() {
                continue;
            }
            let wrong = |reason: &str, hint: &str| {
                let message = format!("`{name}`, line {}: {reason}", index + 1);
                Failure::new(ExitCode::Usage, message).hint(hint.to_owned())
            };
            let hint =
                "a line is: token NAME or account ID, then day, week or month, then AMOUNT calls or money";
            let budget = parse(&words).ok_or_else(|| wrong("not a budget", hint))?;
            if budget.is_money && !has_prices {
                return Err(wrong("a budget of money needs prices", "add --prices FILE").into());
            }
            budgets.push(budget);
        }
        let spent = Mutex::new(vec![Spent::default(); budgets.len()]);
        Ok(Budgets { budgets, spent })
    }

    /// Lets a call begin and counts it, or refuses it in a plain sentence; tells the shares that it reached.
    pub async fn enter(&self, db: &Db, caller: &Caller, arguments: &Value) -> Result<Vec<Crossing>> {
        let accounts = meant(&caller.scope, arguments);
        let concerned = |budget: &Budget| budget.token == caller.name || accounts.contains(&budget.account);
        let concerned: Vec<usize> =
            (0..self.budgets.len()).filter(|index| concerned(&self.budgets[*index])).collect();
        for index in &concerned {
            self.read(db, *index).await?;
        }
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        for index in &concerned {
            let budget = &self.budgets[*index];
            if spent[*index].amount >= budget.limit {
                bail!("the budget is used up: {}. The next {} begins anew", budget.label, budget.period);
            }
        }
        let calls = concerned.iter().filter(|index| !self.budgets[**index].is_money);
        calls.for_each(|index| spent[*index].amount += 1.0);
        Ok(concerned.iter().filter_map(|index| self.budgets[*index].crossing(&mut spent[*index])).collect())
    }

    /// Counts what a turn cost; tells the shares that it reached.
    pub fn spend(&self, caller: &Caller, cost: f64) -> Vec<Crossing> {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let accounts = meant(&caller.scope, &Value::Null);
        let mut crossings = Vec::new();
        for (budget, spent) in self.budgets.iter().zip(spent.iter_mut()).filter(|(budget, _)| budget.is_money)
        {
            if budget.token == caller.name || accounts.contains(&budget.account) {
                spent.amount += cost;
                crossings.extend(budget.crossing(spent));
            }
        }
        crossings
    }

    /// What the log has of a budget's period, by the server's clock. Other processes write there too.
    async fn read(&self, db: &Db, index: usize) -> Result<()> {
        let budget = &self.budgets[index];
        let statement = db.statement(&sql::BUDGET_SPENT).param("period", &budget.period);
        let statement = statement.param("token", &budget.token).param("account", &budget.account);
        let logged: Logged = statement.param("budget", &budget.label).fetch_one().await?;
        let amount = if budget.is_money { logged.money } else { logged.calls as f64 };
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = &mut spent[index];
        if spent.since != logged.since {
            *spent = Spent { since: logged.since, ..Spent::default() };
        }
        spent.amount = spent.amount.max(amount);
        spent.told = spent.told.max(logged.told);
        Ok(())
    }
}

impl Budget {
    /// The highest share that was reached and not told yet.
    fn crossing(&self, spent: &mut Spent) -> Option<Crossing> {
        let is_reached = |percent: &u64| spent.amount * 100.0 >= self.limit * *percent as f64;
        let percent = TOLD_AT.into_iter().filter(is_reached).max().filter(|percent| *percent > spent.told)?;
        spent.told = percent;
        let (budget, token, account) = (self.label.clone(), self.token.clone(), self.account.clone());
        Some(Crossing { budget, token, account, percent })
    }
}

/// The accounts that a call means: those that it names, or those of a scope that is a list.
fn meant(scope: &Scope, arguments: &Value) -> Vec<String> {
    let one = arguments["account"].as_str().into_iter();
    let several = arguments["accounts"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let named: Vec<String> = one.chain(several).map(str::to_owned).collect();
    match scope {
        Scope::Accounts(accounts) if named.is_empty() => {
            accounts.iter().map(|account| account.as_str().to_owned()).collect()
        }
        _ => named,
    }
}

fn parse(words: &[&str]) -> Option<Budget> {
    let [whose, name, period, amount, unit] = words else { return None };
    let (token, account) = match *whose {
        "token" => ((*name).to_owned(), String::new()),
        "account" => (String::new(), AccountId::new(name)?.as_str().to_owned()),
        _ => return None,
    };
    let limit = amount.parse::<f64>().ok().filter(|limit| limit.is_finite() && *limit > 0.0)?;
    let is_money = match *unit {
        "calls" => false,
        "money" => true,
        _ => return None,
    };
    let period = ["day", "week", "month"].into_iter().find(|known| known == period)?.to_owned();
    Some(Budget { label: words.join(" "), token, account, period, limit, is_money })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_share_is_told_once() {
        let budget = parse(&["token", "agency", "month", "8", "calls"]).expect("a budget");
        let mut spent = Spent::default();
        let told: Vec<Option<u64>> = (1..=9)
            .map(|amount| {
                spent.amount = f64::from(amount);
                budget.crossing(&mut spent).map(|crossing| crossing.percent)
            })
            .collect();
        // Of 8 calls the 4th is half, the 6th three quarters, and the 8th, over 90 %, all.
        let none = None;
        assert_eq!(told, [none, none, none, Some(50), none, Some(75), none, Some(100), none]);
    }

    #[test]
    fn what_is_no_budget_is_refused() {
        for line in [
            "token a day 5",
            "token a year 5 calls",
            "account x! day 5 calls",
            "token a day 0 calls",
            "user a day 5 calls",
        ] {
            assert_eq!(parse(&line.split(' ').collect::<Vec<_>>()), None, "{line}");
        }
    }
}
