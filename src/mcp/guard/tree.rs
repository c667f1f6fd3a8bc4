//! The engine's syntax tree, read back from the lines of `EXPLAIN AST`.

/// A node of the tree.
#[derive(Debug, PartialEq, Eq)]
pub struct Node<'a> {
    /// The kind, such as `Function`.
    pub kind: &'a str,
    /// What stands behind the kind: a name, a literal.
    pub label: &'a str,
    /// What is below it, in order.
    pub children: Vec<Node<'a>>,
}

/// Reads the lines. None where they are no tree: each line says how many children it has, and its indent how deep it
/// stands, so that a line which a name smuggled in is one too many.
pub fn read(lines: &str) -> Option<Node<'_>> {
    let mut lines = lines.lines().filter(|line| !line.is_empty()).peekable();
    let root = node(&mut lines, 0)?;
    lines.next().is_none().then_some(root)
}

fn node<'a>(lines: &mut impl Iterator<Item = &'a str>, depth: usize) -> Option<Node<'a>> {
    let line = lines.next()?;
    let text = line.trim_start_matches(' ');
    if line.len() - text.len() != depth {
        return None;
    }
    let counted = text.strip_suffix(')').and_then(|text| text.rsplit_once(" (children "));
    let counted = counted.and_then(|(text, count)| Some((text, count.parse().ok()?)));
    let (text, count): (&str, usize) = counted.unwrap_or((text, 0));
    let (kind, label) = text.split_once(' ').unwrap_or((text, ""));
    let label = match label.rsplit_once(" (alias ") {
        Some((label, alias)) if alias.ends_with(')') => label,
        // A node without a name of its own: only the alias stands there.
        _ if label.starts_with("(alias ") => "",
        _ => label,
    };
    let children = (0..count).map(|_| node(lines, depth + 1)).collect::<Option<Vec<Node>>>()?;
    Some(Node { kind, label, children })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "\
SelectWithUnionQuery (children 1)
 ExpressionList (children 2)
  Literal 'x (children 3)' (alias q)
  Function plus (alias two words) (children 1)
   ExpressionList
";

    #[test]
    fn kinds_labels_and_children_are_read() {
        let root = read(TREE).expect("a tree");
        let [literal, function] = &root.children[0].children[..] else { panic!("{root:?}") };
        assert_eq!((literal.kind, literal.label), ("Literal", "'x (children 3)'"));
        assert_eq!((function.kind, function.label), ("Function", "plus"));
        assert_eq!(function.children[0].kind, "ExpressionList");
    }

    #[test]
    fn a_line_too_many_too_few_or_too_deep_is_no_tree() {
        assert_eq!(read(&format!("{TREE}  Identifier a\n")), None);
        assert_eq!(read(&TREE.replace("   ExpressionList\n", "")), None);
        assert_eq!(read(&TREE.replace("   ExpressionList\n", "    ExpressionList\n")), None);
        assert_eq!(read(&TREE.replace("(children 2)", "(children x)")), None);
        assert_eq!(read(""), None);
    }
}
