//! Modules are rooms on floors: one uses those below it, never one that uses it, be it through
//! others. This reads the source of every crate and fails where that is not so, among files and
//! among folders of them.
//!
//! It reads paths that begin with `crate`, `self`, `super`, a module declared in the file, or a
//! module that the file imports. What a module re-exports counts as that of the module it comes
//! from; to declare or re-export a child is no use of it. Code for tests alone may use what it likes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// A module's names from the crate's root, which has none.
type Module = Vec<String>;

/// The files of a crate, by their paths.
type Files = BTreeMap<PathBuf, String>;

#[test]
fn no_module_uses_one_that_uses_it() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut roots = 0;
    let mut rings = Vec::new();
    for folder in folders_of_crates(&crates) {
        let mut files = Files::new();
        read_sources(&folder, &mut files);
        for root in files.keys().filter(|path| is_root(&folder, path)) {
            roots += 1;
            let name = root.strip_prefix(&crates).unwrap().display();
            rings.extend(
                Crate::read(root, &files).rings().iter().map(|ring| format!("{name}: {ring}")),
            );
        }
    }
    assert!(roots >= 15, "only {roots} crates found");
    assert!(rings.is_empty(), "modules use each other:\n{}", rings.join("\n"));
}

/// The folders with a manifest, those of the tools too.
fn folders_of_crates(crates: &Path) -> Vec<PathBuf> {
    let folders = |folder: &Path| {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let mut found = folders(crates);
    found.extend(folders(&crates.join("tools")));
    found.retain(|folder| folder.join("Cargo.toml").is_file());
    found.sort();
    found
}

fn read_sources(folder: &Path, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // That of the fuzz targets is a workspace of its own, which may have been built.
            if !path.join("Cargo.toml").exists() && !path.ends_with("target") {
                read_sources(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            files.insert(path, text);
        }
    }
}

/// Whether Cargo takes the file for the root of a library, program, test or benchmark.
fn is_root(folder: &Path, path: &Path) -> bool {
    let parent = path.parent().unwrap();
    path == folder.join("src/lib.rs")
        || path == folder.join("src/main.rs")
        || ["src/bin", "tests", "benches"].iter().any(|roots| parent == folder.join(roots))
}

/// The modules of a crate, and which uses which.
#[derive(Default)]
struct Crate {
    modules: BTreeMap<Module, Source>,
}

/// What a module's file says of others.
#[derive(Default)]
struct Source {
    /// The paths in it, as they stand there, without re-exports of children.
    paths: Vec<Vec<String>>,
    /// What it imports, by the name that it has here.
    imports: BTreeMap<String, Vec<String>>,
    /// What it re-exports.
    exports: BTreeMap<String, Vec<String>>,
    /// The modules that it declares in files of their own.
    children: Vec<String>,
}

impl Crate {
    fn read(root: &Path, files: &Files) -> Self {
        let mut found = Self::default();
        found.add(Vec::new(), root, root.parent().unwrap(), files);
        found
    }

    /// Adds the module in `file`, whose children are in `folder`.
    fn add(&mut self, module: Module, file: &Path, folder: &Path, files: &Files) {
        let source = Source::of(&tokens(&files[file]));
        for child in &source.children {
            let path = folder.join(child);
            let file = [path.with_extension("rs"), path.join("mod.rs")];
            let file = file.iter().find(|file| files.contains_key(*file));
            let file = file.unwrap_or_else(|| panic!("no file of {}", path.display()));
            self.add(below(&module, child), file, &path, files);
        }
        self.modules.insert(module, source);
    }

    /// The module that `path` leads to when it stands in `from`, if it is one of this crate.
    fn resolve(&self, from: &Module, path: &[String], depth: usize) -> Option<Module> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => Module::new(),
            "self" => from.clone(),
            "super" => from.split_last()?.1.to_vec(),
            name => {
                let source = &self.modules[from];
                if source.children.iter().any(|child| child == name) {
                    below(from, name)
                } else {
                    let import =
                        source.imports.get(name).filter(|import| import[..] != path[..1])?;
                    return self.follow(from, import, rest, depth);
                }
            }
        };
        while let Some((name, after)) = rest.split_first() {
            let child = below(&at, name);
            if name == "super" {
                at.pop()?;
            } else if name == "self" {
            } else if self.modules.contains_key(&child) {
                at = child;
            } else if let Some(export) = self.modules[&at].exports.get(name) {
                return Some(self.follow(&at, export, after, depth).unwrap_or(at));
            } else {
                break;
            }
            rest = after;
        }
        Some(at)
    }

    /// Where a name leads to that stands for the path `named` in `from`, and `rest` after it.
    fn follow(
        &self,
        from: &Module,
        named: &[String],
        rest: &[String],
        depth: usize,
    ) -> Option<Module> {
        assert!(depth < 20, "{named:?} goes in a circle");
        self.resolve(from, &[named, rest].concat(), depth + 1)
    }

    /// Which module uses which.
    fn uses(&self) -> BTreeSet<(Module, Module)> {
        let mut uses = BTreeSet::new();
        for (module, source) in &self.modules {
            for path in &source.paths {
                if let Some(used) = self.resolve(module, path, 0).filter(|used| used != module) {
                    uses.insert((module.clone(), used));
                }
            }
        }
        uses
    }

    /// The rings among files, and those among the folders and files in each folder.
    fn rings(&self) -> Vec<String> {
        let uses = self.uses();
        let mut rings = rings_among(&uses);
        for folder in self.modules.keys() {
            let len = folder.len();
            let inside = |module: &Module| module.len() > len && module.starts_with(folder);
            let rooms = uses
                .iter()
                .filter(|(user, used)| inside(user) && inside(used) && user[len] != used[len])
                .map(|(user, used)| (user[..=len].to_vec(), used[..=len].to_vec()));
            rings.extend(rings_among(&rooms.collect()));
        }
        rings.into_values().collect()
    }
}

/// The module `name` in `module`.
fn below(module: &Module, name: &str) -> Module {
    let mut below = module.clone();
    below.push(name.to_owned());
    below
}

/// For each module of a ring, a shortest one through it, by its members.
fn rings_among(uses: &BTreeSet<(Module, Module)>) -> BTreeMap<BTreeSet<Module>, String> {
    let starts: BTreeSet<&Module> = uses.iter().map(|(user, _)| user).collect();
    let mut rings = BTreeMap::new();
    for start in starts {
        // The ways from `start`, the shortest first, one to each module.
        let mut ways = vec![vec![start]];
        let mut seen = BTreeSet::new();
        let mut next = 0;
        while let Some(way) = ways.get(next).cloned() {
            next += 1;
            let used = uses.iter().filter(|(user, _)| Some(&user) == way.last());
            for (_, used) in used {
                if seen.insert(used) {
                    ways.push([way.as_slice(), &[used]].concat());
                }
            }
            if let [first, .., last] = way[..]
                && first == last
            {
                let members = way.iter().map(|module| (*module).clone()).collect();
                let names = way.iter().map(|module| match module[..] {
                    [] => "crate".to_owned(),
                    _ => module.join("::"),
                });
                let ring = names.collect::<Vec<_>>().join(" -> ");
                rings.entry(members).or_insert(ring);
                break;
            }
        }
    }
    rings
}

/// The names and signs of some code, without comments, strings and numbers.
fn tokens(code: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let hashes = rest.trim_start_matches(['b', 'r']);
        let raw = hashes.trim_start_matches('#');
        let is_raw = rest.starts_with('r') || rest.starts_with("br");
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if is_raw && raw.starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes.len() - raw.len()));
            let start = rest.len() - raw.len() + 1;
            rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len())
        } else if first == '"' {
            quoted(rest, '"')
        } else if first == '\'' {
            // A character, or a lifetime.
            let mut after = rest[1..].chars();
            let second = after.next();
            if second == Some('\\') || after.next() == Some('\'') { quoted(rest, '\'') } else { 1 }
        } else if is_name(first) {
            let len = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            tokens.push(rest[..len].to_owned());
            len
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[len..];
    }
    tokens
}

/// The length of what `text` begins with up to the `quote` that closes it.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

impl Source {
    fn of(tokens: &[String]) -> Self {
        let mut source = Self::default();
        let mut at = 0;
        // How deep in modules within the file this is, and at which depth of braces each began.
        let mut inline: Vec<usize> = Vec::new();
        let mut depth = 0_usize;
        while let Some(token) = tokens.get(at) {
            let follows = |words: &[&str]| {
                tokens[at..].iter().map(String::as_str).take(words.len()).eq(words.iter().copied())
            };
            let next = tokens.get(at + 1).map_or("", String::as_str);
            let after_next = tokens.get(at + 2).map_or("", String::as_str);
            if follows(&["#", "[", "cfg", "(", "test", ")", "]"]) {
                at = after_item(tokens, at + 7);
                continue;
            }
            match (token.as_str(), after_next) {
                ("mod", ";") => {
                    source.children.push(next.to_owned());
                    at += 2;
                }
                ("mod", "{") => {
                    inline.push(depth);
                    depth += 1;
                    at += 2;
                }
                ("{", _) => depth += 1,
                ("}", _) => {
                    depth = depth.saturating_sub(1);
                    inline.pop_if(|began| *began == depth);
                }
                ("use", _) => {
                    let public = at > 0 && matches!(tokens[at - 1].as_str(), "pub" | ")");
                    let mut leaves = Vec::new();
                    at = tree(tokens, at + 1, &mut Vec::new(), &mut leaves);
                    for (name, path) in leaves {
                        if let Some(path) = outside(path, inline.len()) {
                            source.take_use(name, path, public);
                        }
                    }
                    continue;
                }
                (_, _) if next == "::" && is_word(token) && (at == 0 || tokens[at - 1] != "::") => {
                    let mut path = vec![token.clone()];
                    while tokens.get(at + 1).is_some_and(|sign| sign == "::")
                        && let Some(name) = tokens.get(at + 2).filter(|name| is_word(name))
                    {
                        path.push(name.clone());
                        at += 2;
                    }
                    source.paths.extend(outside(path, inline.len()));
                }
                _ => {}
            }
            at += 1;
        }
        source.use_exports();
        source
    }

    fn take_use(&mut self, name: String, path: Vec<String>, public: bool) {
        if public {
            self.exports.insert(name.clone(), path.clone());
        } else {
            self.paths.push(path.clone());
        }
        self.imports.insert(name, path);
    }

    /// To re-export something is to use it, unless it is a child's.
    fn use_exports(&mut self) {
        for path in self.exports.values() {
            let first = path.iter().find(|name| *name != "self");
            if !first.is_some_and(|first| self.children.contains(first)) {
                self.paths.push(path.clone());
            }
        }
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// What a path in a module within the file is outside of it, `inline` modules up.
fn outside(mut path: Vec<String>, inline: usize) -> Option<Vec<String>> {
    let supers = path.iter().take_while(|name| *name == "super").count();
    if inline == 0 || path.first()? == "crate" {
        return Some(path);
    }
    // What does not leave that module is of this file.
    (supers >= inline).then(|| {
        path.drain(..inline);
        path
    })
}

/// Where the item ends that begins at `at`: with a semicolon or a block.
fn after_item(tokens: &[String], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(token.as_str(), ";" | "}") {
            break;
        }
    }
    at
}

/// Reads the tree of a `use` from `at` on, below `path`; returns where it ends. Each leaf has the
/// name that it gets.
fn tree(
    tokens: &[String],
    mut at: usize,
    path: &mut Vec<String>,
    leaves: &mut Vec<(String, Vec<String>)>,
) -> usize {
    let len = path.len();
    let mut name = None;
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    at = tree(tokens, at, path, leaves);
                    if tokens.get(at).is_some_and(|token| token == ",") {
                        at += 1;
                    }
                }
                path.truncate(len);
                return at + 1;
            }
            "as" => {
                name = tokens.get(at + 1).cloned();
                at += 1;
            }
            "::" => {}
            "," | "}" | ";" => break,
            "self" if path.len() > len || len > 0 => {}
            token => path.push(token.to_owned()),
        }
        at += 1;
    }
    if let Some(last) = path.last() {
        leaves.push((name.unwrap_or_else(|| last.clone()), path.clone()));
    }
    path.truncate(len);
    at
}

/// The rings of a crate with these files.
fn rings_of(files: &[(&str, &str)]) -> Vec<String> {
    let files = files.iter().map(|(path, text)| (path.into(), (*text).to_owned())).collect();
    Crate::read(Path::new("lib.rs"), &files).rings()
}

#[test]
fn a_ring_is_found_however_the_path_is_written() {
    for path in [
        "use crate::two::Two;",
        "use crate::{three, two::{self, Two}};",
        "use super::two;",
        "use super::{three::Three, two::Two as Other};",
        "use crate::Two;",
        "use crate::Renamed;",
        "fn f() -> crate::two::Two { loop {} }",
        "impl Trait for super::two::Two {}",
        "mod inner { use super::super::two::Two; }",
        "const C: &str = r#\"\"#; const D: char = '\"'; use crate::two;",
        "fn f<'a>() { crate::two::f() }",
    ] {
        let files = [
            (
                "lib.rs",
                "pub use two::Two; pub use self::two::Two as Renamed; mod one; mod two; mod three;",
            ),
            ("one.rs", path),
            ("two.rs", "use crate::three::f;"),
            ("three.rs", "fn f() { crate::one::f() }"),
        ];
        let rings = rings_of(&files);
        assert!(!rings.is_empty(), "{path}");
        assert!(rings[0].contains("one") && rings[0].contains("three"), "{path}: {rings:?}");
    }
}

#[test]
fn folders_that_use_each_other_are_a_ring_where_their_files_are_none() {
    let files = [
        ("lib.rs", "mod low; mod high;"),
        ("low/mod.rs", "mod a; mod b; pub use a::A;"),
        ("low/a.rs", ""),
        ("low/b.rs", "use crate::high; fn f() { high::c::f() }"),
        ("high.rs", "mod c; mod d;"),
        ("high/c.rs", ""),
        ("high/d.rs", "use crate::low::A;"),
    ];
    assert_eq!(rings_of(&files), ["high -> low -> high"]);
}

#[test]
fn a_parent_and_its_children_are_a_ring_where_both_use_the_other() {
    let child = ("child.rs", "use crate::Error;");
    let uses = ("lib.rs", "mod child; pub struct Error; fn f() { child::f() }");
    assert_eq!(rings_of(&[uses, child]), ["crate -> child -> crate"]);
    let declares = ("lib.rs", "mod child; pub use child::f; pub struct Error;");
    assert!(rings_of(&[declares, child]).is_empty());
}

#[test]
fn comments_strings_and_tests_are_no_use() {
    for text in [
        "//! See [`crate::two`].\n// use crate::two;\n/* use crate::two; */",
        "const C: &str = \"use crate::two; \\\"use crate::two;\";",
        "const C: &str = r#\"\"use crate::two;\"#;",
        "#[cfg(test)]\nmod tests { use crate::two; mod deeper { use crate::two; } }",
        "#[cfg(test)]\nuse crate::two;",
        "mod inner { use super::one; use self::two::Two; mod two {} }",
        "use other::two; fn f() { two::f(); one::two::f() }",
    ] {
        let files =
            [("lib.rs", "mod one; mod two;"), ("one.rs", text), ("two.rs", "use super::one;")];
        assert_eq!(rings_of(&files), [""; 0], "{text}");
    }
}
