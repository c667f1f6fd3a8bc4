//! How the chunks of a streamed result go together: the engine formats each as a document of its own.

/// What to do with the chunks after the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joining {
    /// They follow as they are.
    Plain,
    /// They repeat a header that has to go.
    Header(Header),
    /// They cannot be joined: the result is made in one piece.
    Never,
}

/// What a header consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// A count and that many names, perhaps as many types.
    Binary { types: bool },
    /// Lines; with `quotes` a line break inside of `"` does not end one.
    Lines { count: usize, quotes: bool },
}

/// The way for this format.
pub fn joining(format: &str) -> Joining {
    let format = format.to_ascii_lowercase();
    let (family, lines) = match format.strip_suffix("withnamesandtypes") {
        Some(family) => (family, 2),
        None => format.strip_suffix("withnames").map_or((format.as_str(), 0), |family| (family, 1)),
    };
    match (family, lines) {
        ("rowbinary" | "native" | "msgpack" | "null" | "lineasstring", 0) => Joining::Plain,
        ("tsv" | "tabseparated" | "tsvraw" | "tabseparatedraw" | "tskv" | "csv", 0) => Joining::Plain,
        ("jsoneachrow" | "jsonlines" | "ndjson" | "jsoncompacteachrow", 0) => Joining::Plain,
        ("jsonstringseachrow" | "jsoncompactstringseachrow", 0) => Joining::Plain,
        ("rowbinary", _) => Joining::Header(Header::Binary { types: lines == 2 }),
        ("csv", count) => Joining::Header(Header::Lines { count, quotes: true }),
        ("tsv" | "tabseparated" | "jsoncompacteachrow" | "jsoncompactstringseachrow", count) => {
            Joining::Header(Header::Lines { count, quotes: false })
        }
        _ => Joining::Never,
    }
}

impl Header {
    /// Its length in the chunk; `None` if the chunk does not hold all of it.
    pub fn length(self, chunk: &[u8]) -> Option<usize> {
        match self {
            Self::Binary { types } => binary_length(chunk, types),
            Self::Lines { count, quotes } => lines_length(chunk, count, quotes),
        }
    }
}

fn binary_length(chunk: &[u8], types: bool) -> Option<usize> {
    let mut position = 0;
    let columns = variable_integer(chunk, &mut position)?;
    for _ in 0..if types { columns.checked_mul(2)? } else { columns } {
        let length = variable_integer(chunk, &mut position)?;
        position = position.checked_add(length)?;
    }
    (position <= chunk.len()).then_some(position)
}

fn variable_integer(bytes: &[u8], position: &mut usize) -> Option<usize> {
    let mut value = 0;
    for shift in (0..56).step_by(7) {
        let byte = *bytes.get(*position)?;
        *position += 1;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn lines_length(chunk: &[u8], count: usize, quotes: bool) -> Option<usize> {
    let mut lines = 0;
    let mut inside = false;
    let end = chunk.iter().position(|byte| {
        inside ^= quotes && *byte == b'"';
        lines += usize::from(*byte == b'\n' && !inside);
        lines == count
    })?;
    Some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_measured() {
        let Joining::Header(binary) = joining("RowBinaryWithNamesAndTypes") else { panic!("has a header") };
        assert_eq!(binary.length(b"\x01\x01n\x05UInt8\x07"), Some(9));
        assert_eq!(binary.length(b"\x01\x01n\x05UIn"), None);
        let Joining::Header(lines) = joining("CSVWithNamesAndTypes") else { panic!("has a header") };
        assert_eq!(lines.length(b"\"a\nb\"\n\"UInt8\"\n1\n"), Some(14));
        let Joining::Header(lines) = joining("JSONCompactEachRowWithNames") else { panic!("has a header") };
        assert_eq!(lines.length(b"[\"a\\\"b\"]\n[1]\n"), Some(9));
    }

    #[test]
    fn documents_are_not_joined() {
        for format in ["JSON", "Pretty", "Values", "XML", "Parquet", "TSVRawWithNames", "CustomSeparated"] {
            assert_eq!(joining(format), Joining::Never, "{format}");
        }
    }
}
