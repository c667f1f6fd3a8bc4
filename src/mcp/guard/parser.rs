//! The second wall: what the engine's own parser makes of the statement, node by node.
//!
//! Whatever is not known to be harmless is refused: kinds of node, functions, names of tables.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::refusal::{Refusal, Wall};
use super::tree::{self, Node};

/// Kinds of node that only say how harmless parts are put together.
const KINDS: &[&str] = &[
    "SelectWithUnionQuery",
    "SelectIntersectExceptQuery",
    "SelectQuery",
    "ExpressionList",
    "WithElement",
    "Subquery",
    "Literal",
    "Identifier",
    "Function",
    "WindowDefinition",
    "WindowListElement",
    "OrderByElement",
    "InterpolateElement",
    "TablesInSelectQuery",
    "TablesInSelectQueryElement",
    "TableExpression",
    "TableIdentifier",
    "TableJoin",
    "ArrayJoin",
    "Asterisk",
    "QualifiedAsterisk",
    "ColumnsTransformerList",
    "ColumnsExceptTransformer",
    "ColumnsReplaceTransformer",
    "ColumnsReplaceTransformer::Replacement",
    "ColumnsRegexpMatcher",
    "ColumnsListMatcher",
];
/// Kinds of node that are refused in words of their own.
const REFUSED_KINDS: &[(&str, &str)] = &[
    ("Set", "SETTINGS is not allowed: the server sets the limits"),
    ("SampleRatio", "SAMPLE is not allowed: the tables are small"),
    ("ColumnsApplyTransformer", "APPLY is not allowed: write the functions out"),
    ("QueryParameter", "query parameters are not allowed: write the values"),
];
/// The most places where all columns may stand: within each other they multiply.
const MOST_ASTERISKS: usize = 8;
/// The kinds that stand for many columns.
const MANY_COLUMNS: &[&str] = &["Asterisk", "QualifiedAsterisk", "ColumnsRegexpMatcher"];
/// What stands behind an aggregate function's name without changing what it may do.
const COMBINATORS: &[&str] =
    &["if", "distinct", "ornull", "ordefault", "array", "map", "foreach", "argmax", "argmin"];
/// Functions whose last argument is the name of a type.
const TYPED: &[&str] = &["cast", "accuratecast", "accuratecastornull", "accuratecastordefault"];

static FUNCTIONS: LazyLock<HashSet<&str>> = LazyLock::new(|| words(include_str!("functions.txt")));
static AGGREGATES: LazyLock<HashSet<&str>> = LazyLock::new(|| words(include_str!("aggregates.txt")));

fn words(text: &'static str) -> HashSet<&'static str> {
    text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect()
}

fn refuse(rule: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::new(Wall::Parser, rule, message)
}

/// Walks the tree of `SELECT * FROM (statement)`. `objects` may be read, and the subqueries that the statement defines.
/// Returns the names of tables that occur.
pub fn check(lines: &str, objects: &[&str], defined: &[&str]) -> Result<Vec<String>, Refusal> {
    let root = tree::read(lines).ok_or_else(|| refuse("no_tree", "the statement cannot be read"))?;
    let statement = wrapped(&root).ok_or_else(|| refuse("breaks_out", "the statement is not one SELECT"))?;
    let mut walk = Walk { objects, defined, tables: Vec::new(), asterisks: 0 };
    walk.visit(statement, "TableExpression")?;
    Ok(walk.tables)
}

/// The subquery inside `SELECT * FROM (..)`, where that is all there is.
fn wrapped<'tree, 'a>(root: &'tree Node<'a>) -> Option<&'tree Node<'a>> {
    let only = |node: &'tree Node<'a>, kind: &str| match &node.children[..] {
        [child] if child.kind == kind => Some(child),
        _ => None,
    };
    if root.kind != "SelectWithUnionQuery" {
        return None;
    }
    let select = only(only(root, "ExpressionList")?, "SelectQuery")?;
    let [columns, tables] = &select.children[..] else { return None };
    only(columns, "Asterisk").filter(|asterisk| asterisk.children.is_empty())?;
    let element =
        only(tables, "TablesInSelectQueryElement").filter(|_| tables.kind == "TablesInSelectQuery")?;
    only(only(element, "TableExpression")?, "Subquery")
}

struct Walk<'a> {
    objects: &'a [&'a str],
    defined: &'a [&'a str],
    tables: Vec<String>,
    asterisks: usize,
}

impl Walk<'_> {
    fn visit(&mut self, node: &Node, parent: &str) -> Result<(), Refusal> {
        if let Some((_, message)) = REFUSED_KINDS.iter().find(|(kind, _)| *kind == node.kind) {
            return Err(refuse("clause", *message));
        }
        if !KINDS.contains(&node.kind) {
            return Err(refuse("kind", format!("`{}` is not allowed in a statement", node.kind)));
        }
        match node.kind {
            "TableIdentifier" => self.check_table(node.label)?,
            "Function" if parent == "TableExpression" => {
                let name = node.label;
                return Err(refuse("table_function", format!("the table function `{name}` is not allowed")));
            }
            "Function" => check_function(node)?,
            kind if MANY_COLUMNS.contains(&kind) => self.count_asterisk()?,
            // A union is written as it was: a file to write to or a format would stand here too.
            "SelectWithUnionQuery" if node.children.len() != 1 => {
                return Err(refuse("clause", "only SELECT may be asked"));
            }
            _ => {}
        }
        if is_plain_count(node) {
            return Ok(());
        }
        node.children.iter().try_for_each(|child| self.visit(child, node.kind))
    }

    fn count_asterisk(&mut self) -> Result<(), Refusal> {
        self.asterisks += 1;
        match self.asterisks > MOST_ASTERISKS {
            true => Err(refuse("asterisks", "too many `*`: name the columns")),
            false => Ok(()),
        }
    }

    fn check_table(&mut self, name: &str) -> Result<(), Refusal> {
        if name.contains('.') {
            let bare = name.rsplit('.').next().unwrap_or(name);
            let message = format!("`{name}`: write table names without a database, such as `{bare}`");
            return Err(refuse("qualified_table", message));
        }
        if !self.objects.contains(&name) && !self.defined.contains(&name) {
            let message = format!("there is no table `{name}`; there are: {}", self.objects.join(", "));
            return Err(refuse("unknown_table", message));
        }
        if !self.tables.iter().any(|table| table == name) {
            self.tables.push(name.to_owned());
        }
        Ok(())
    }
}

/// `count(*)`, which names no column.
fn is_plain_count(node: &Node) -> bool {
    let arguments = match &node.children[..] {
        [list] => &list.children[..],
        _ => &[],
    };
    node.kind == "Function"
        && node.label.eq_ignore_ascii_case("count")
        && matches!(arguments, [Node { kind: "Asterisk", children, .. }] if children.is_empty())
}

fn check_function(node: &Node) -> Result<(), Refusal> {
    let name = node.label.to_lowercase();
    if !is_allowed(&name) {
        return Err(refuse("function", format!("the function `{}` is not allowed", node.label)));
    }
    let arguments = node.children.first().map_or(&[][..], |list| &list.children[..]);
    if name == "in" || name.ends_with("in") && IN.contains(&name.as_str()) {
        // A bare name there is a table, whatever looks like one: as a subquery it is seen.
        if let Some(Node { kind: "Identifier", label, .. }) = arguments.get(1) {
            let message = format!("`IN {label}`: write `IN (SELECT .. FROM {label})`, or has(array, value)");
            return Err(refuse("in_name", message));
        }
    }
    if TYPED.contains(&name.as_str()) {
        let is_plain = |node: &Node| node.kind == "Literal" && !node.label.contains("AggregateFunction");
        if !arguments.get(1).is_some_and(is_plain) {
            return Err(refuse("type", format!("`{}` needs a plain type", node.label)));
        }
    }
    Ok(())
}

/// The ways to write IN.
const IN: &[&str] =
    &["in", "notin", "globalin", "globalnotin", "nullin", "notnullin", "globalnullin", "globalnotnullin"];

fn is_allowed(name: &str) -> bool {
    FUNCTIONS.contains(name) || is_aggregate(name)
}

fn is_aggregate(name: &str) -> bool {
    let without = |ending: &&str| name.strip_suffix(*ending).is_some_and(is_aggregate);
    AGGREGATES.contains(name) || COMBINATORS.iter().any(without)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aggregates_keep_what_combinators_add() {
        for name in ["sum", "sumif", "quantileif", "uniqexactiforNull", "countdistinct", "argmaxif"] {
            assert!(is_allowed(&name.to_lowercase()), "{name}");
        }
        for name in
            ["file", "dictget", "sumstate", "summerge", "sleep", "if_", "getsetting", "arrayreduce", ""]
        {
            assert!(!is_allowed(name), "{name}");
        }
    }

    #[test]
    fn only_the_one_subquery_is_looked_into() {
        let lines = "SelectWithUnionQuery (children 1)\n ExpressionList (children 1)\n  SelectQuery (children 1)\n   \
                     ExpressionList (children 1)\n    Literal UInt64_1\n";
        assert_eq!(check(lines, &[], &[]).expect_err("no wrapper").rule, "breaks_out");
    }
}
