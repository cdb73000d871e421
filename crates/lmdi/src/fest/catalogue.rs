//! The catalogues of a FEST file and the code lists that come of them.
//!
//! `FEST` / `Kat…` / `Oppf…` (one entry: outer id, time, status) / the thing itself with its own
//! id, which is the one that others refer to and that the guide's systems mean.

use std::collections::{BTreeMap, HashMap, HashSet};

use lmr_validator::terminology::{CodeList, CodeListError, Content, ListedConcept};

use super::{
    ATC, BRAND, DOSE, FestError, ITEM_NUMBER, LMR_NUMBER, PACKAGE, SUBSTANCE, reader::Opened,
};

/// FEST's own number for ATC.
const ATC_OID: &str = "2.16.578.1.12.4.1.1.7180";

/// Code lists that entries name the codes of: their OIDs and titles.
const NAMED: [(&str, &str); 7] = [
    (ATC_OID, "ATC"),
    ("2.16.578.1.12.4.1.1.7448", "FEST legemiddelform (7448)"),
    ("2.16.578.1.12.4.1.1.7449", "FEST pakningstype (7449)"),
    ("2.16.578.1.12.4.1.1.7452", "FEST pakningsenhet (7452)"),
    ("2.16.578.1.12.4.1.1.7477", "FEST administrasjonsvei (7477)"),
    ("2.16.578.1.12.4.1.1.7478", "FEST kortdose (7478)"),
    ("2.16.578.1.12.4.1.1.7480", "FEST doseringsenhet (7480)"),
];

/// Catalogues of products: name, name of the thing in an entry, and system of its id.
const PRODUCTS: [(&str, &str, &str); 4] = [
    ("KatLegemiddelMerkevare", "legemiddelmerkevare", BRAND),
    ("KatLegemiddelpakning", "legemiddelpakning", PACKAGE),
    ("KatLegemiddelVirkestoff", "legemiddelvirkestoff", SUBSTANCE),
    ("KatLegemiddeldose", "legemiddeldose", DOSE),
];

/// Depth of the elements: `FEST` has 0.
const ENTRY: usize = 2;
const THING: usize = 3;

#[derive(Default)]
pub(super) struct Catalogues {
    seen: HashSet<String>,
    entry: Option<Entry>,
    /// Codes by system, with the time of the entry that they are from.
    codes: HashMap<&'static str, HashMap<String, (String, ListedConcept)>>,
    /// Trade names of brands by the id of the brand.
    brands: HashMap<String, String>,
    /// Packages' codes whose second name is that of a brand: system, code, id of the brand.
    of_brand: Vec<(&'static str, String, String)>,
    /// Codes that entries name, by OID.
    named: HashMap<&'static str, BTreeMap<String, (String, Option<String>)>>,
    whole: Vec<WholeList>,
    human: usize,
    veterinary: usize,
}

/// An entry that is being read.
#[derive(Default)]
struct Entry {
    name: String,
    outer_id: Option<String>,
    time: String,
    has_thing: bool,
    product: Option<Product>,
    list: Option<WholeList>,
}

struct Product {
    system: &'static str,
    id: Option<String>,
    /// NavnFormStyrke.
    full_name: Option<String>,
    /// Varenavn.
    trade_name: Option<String>,
    item_number: Option<String>,
    lmr_number: Option<String>,
    brand: Option<String>,
}

/// A code list that the file carries whole (KatKodeverk).
#[derive(Default)]
struct WholeList {
    oid: Option<String>,
    title: Option<String>,
    elements: Vec<WholeElement>,
}

#[derive(Default)]
struct WholeElement {
    id: Option<String>,
    parent: Option<String>,
    code: Option<String>,
    /// Terms with their languages.
    terms: Vec<(String, Option<String>)>,
}

impl Catalogues {
    /// An element opens; `path` has the names of its ancestors.
    pub(super) fn open(&mut self, path: &[String], opened: &Opened<'_>) -> Result<(), FestError> {
        let name = opened.name;
        match path {
            [_] if name.starts_with("kat") => {
                self.seen.insert(name.to_owned());
            }
            [_, catalogue] if catalogue.starts_with("kat") && name.starts_with("oppf") => {
                self.entry = Some(Entry { name: name.to_owned(), ..Entry::default() });
            }
            [_, catalogue, _] => self.open_in_entry(catalogue, opened)?,
            _ => {}
        }
        if path.len() > THING {
            self.named_code(opened);
        }
        if let Some(list) = self.entry.as_mut().and_then(|entry| entry.list.as_mut()) {
            list.open(path, opened);
        }
        Ok(())
    }

    /// What is directly in an entry: its id, time and status, then the thing.
    fn open_in_entry(&mut self, catalogue: &str, opened: &Opened<'_>) -> Result<(), FestError> {
        let Some(entry) = &mut self.entry else { return Ok(()) };
        match opened.name {
            "id" | "tidspunkt" => {}
            "status" => {
                if let Some(status) = opened.attribute("V").filter(|status| status != "A") {
                    return Err(FestError::Increment {
                        entry: entry.label(),
                        reason: format!(
                            "has the status {status:?}, and a full file has active entries only"
                        ),
                    });
                }
            }
            name => {
                entry.has_thing = true;
                if catalogue == "katkodeverk" {
                    entry.list.get_or_insert_default();
                }
                let product = PRODUCTS
                    .iter()
                    .find(|(of, thing, _)| of.eq_ignore_ascii_case(catalogue) && *thing == name);
                if let Some((_, _, system)) = product {
                    entry.product = Some(Product::new(system));
                }
            }
        }
        Ok(())
    }

    /// A code that an entry names: `V`, `DN` and, in most places, `S`.
    fn named_code(&mut self, opened: &Opened<'_>) {
        let time = self.entry.as_ref().map(|entry| entry.time.clone()).unwrap_or_default();
        let Some(code) = opened.attribute("V") else { return };
        let oid = match opened.attribute("S") {
            Some(oid) => oid.strip_prefix("urn:oid:").unwrap_or(&oid).to_owned(),
            None if opened.name.starts_with("atc") => ATC_OID.to_owned(),
            None => return,
        };
        let Some((oid, _)) = NAMED.iter().find(|(known, _)| *known == oid) else { return };
        if *oid == ATC_OID {
            let count = if code.starts_with('Q') { &mut self.veterinary } else { &mut self.human };
            *count += 1;
        }
        let display = opened.attribute("DN");
        let codes = self.named.entry(oid).or_default();
        if codes.get(&code).is_none_or(|(known, _)| *known < time) {
            codes.insert(code, (time, display));
        }
    }

    /// An element with this text closes; `path` has the names of its ancestors.
    pub(super) fn close(
        &mut self,
        path: &[String],
        name: &str,
        text: &str,
    ) -> Result<(), FestError> {
        let Some(entry) = &mut self.entry else { return Ok(()) };
        if path.len() == ENTRY {
            return self.close_entry();
        }
        if path.len() == THING {
            match name {
                "id" => entry.outer_id = Some(text.to_owned()),
                "tidspunkt" => text.clone_into(&mut entry.time),
                _ => {}
            }
        }
        if text.is_empty() {
            return Ok(());
        }
        let set = |slot: &mut Option<String>| *slot = Some(text.to_owned());
        if let Some(product) = &mut entry.product {
            if path.len() == THING + 1 {
                match name {
                    "id" => set(&mut product.id),
                    "navnformstyrke" => set(&mut product.full_name),
                    "varenavn" => set(&mut product.trade_name),
                    "varenr" => set(&mut product.item_number),
                    "lmrlopenr" => set(&mut product.lmr_number),
                    _ => {}
                }
            } else if name == "reflegemiddelmerkevare" && path[path.len() - 1] == "pakningsinfo" {
                set(&mut product.brand);
            }
        }
        if let Some(list) = &mut entry.list {
            list.close(path, name, text);
        }
        Ok(())
    }

    fn close_entry(&mut self) -> Result<(), FestError> {
        let Some(entry) = self.entry.take() else { return Ok(()) };
        if !entry.has_thing {
            return Err(FestError::Increment {
                entry: entry.label(),
                reason: "has no content, as withdrawn entries have it in increments".to_owned(),
            });
        }
        if let Some(product) = entry.product {
            self.keep(product, &entry.time);
        }
        self.whole.extend(entry.list);
        Ok(())
    }

    fn keep(&mut self, product: Product, time: &str) {
        let Product { system, id, full_name, trade_name, item_number, lmr_number, brand } = product;
        if let (BRAND, Some(id), Some(trade_name)) = (system, &id, &trade_name) {
            self.brands.insert(id.clone(), trade_name.clone());
        }
        let second = trade_name.as_ref().filter(|_| full_name.is_some()).cloned();
        let concept = ListedConcept {
            display: full_name.or(trade_name),
            designations: second.into_iter().collect(),
            ..ListedConcept::default()
        };
        let mut codes = Vec::new();
        if let Some(id) = id {
            if let Some(bare) = id.strip_prefix("ID_") {
                codes.push((system, bare.to_owned()));
            }
            codes.push((system, id));
        }
        codes.extend(item_number.map(|number| (ITEM_NUMBER, number)));
        codes.extend(lmr_number.map(|number| (LMR_NUMBER, number)));
        for (system, code) in codes {
            if let Some(brand) = &brand {
                self.of_brand.push((system, code.clone(), brand.clone()));
            }
            // The newest entry counts where several have one code.
            let known = self.codes.entry(system).or_default();
            if known.get(&code).is_none_or(|(before, _)| before.as_str() <= time) {
                known.insert(code, (time.to_owned(), concept.clone()));
            }
        }
    }

    /// Names of the catalogues of products that the file does not have.
    pub(super) fn absent(&self) -> Vec<&'static str> {
        PRODUCTS
            .iter()
            .map(|(name, _, _)| *name)
            .filter(|name| !self.seen.contains(&name.to_lowercase()))
            .collect()
    }

    /// Whether most products are for animals.
    pub(super) fn is_veterinary(&self) -> bool {
        self.veterinary > self.human
    }

    pub(super) fn into_lists(
        mut self,
        version: Option<&str>,
    ) -> Result<Vec<CodeList>, CodeListError> {
        for (system, code, brand) in std::mem::take(&mut self.of_brand) {
            let concept = self.codes.get_mut(system).and_then(|codes| codes.get_mut(&code));
            if let (Some((_, concept)), Some(name)) = (concept, self.brands.get(&brand))
                && !concept.designations.contains(name)
                && concept.display.as_ref() != Some(name)
            {
                concept.designations.push(name.clone());
            }
        }
        let mut lists = Vec::new();
        for (system, title) in [
            (BRAND, "FEST legemiddelmerkevare"),
            (PACKAGE, "FEST legemiddelpakning"),
            (SUBSTANCE, "FEST legemiddelvirkestoff"),
            (DOSE, "FEST legemiddeldose"),
            (ITEM_NUMBER, "FEST varenummer"),
            (LMR_NUMBER, "LMR-løpenummer"),
        ] {
            let Some(codes) = self.codes.get(system) else { continue };
            let mut list = new_list(system, title, version);
            for (code, (_, concept)) in codes {
                list.add(code, concept.clone())?;
            }
            lists.push(list);
        }
        let mut whole = HashSet::new();
        for read in std::mem::take(&mut self.whole) {
            let Some(oid) = read.oid.clone() else { continue };
            if !whole.insert(oid.clone()) {
                continue;
            }
            let title = read.title.clone().unwrap_or_else(|| oid.clone());
            let mut list = new_list(&system_of(&oid), &title, version);
            read.add_to(&mut list)?;
            // What entries name exists, even if the list was made a little earlier.
            self.add_named(&oid, &mut list)?;
            if !list.is_empty() {
                lists.push(list);
            }
        }
        for (oid, title) in NAMED {
            if whole.contains(oid) {
                continue;
            }
            let mut list = new_list(&system_of(oid), title, version);
            list.content = Content::Fragment;
            self.add_named(oid, &mut list)?;
            if !list.is_empty() {
                lists.push(list);
            }
        }
        if lists.is_empty() { Err(CodeListError::Empty) } else { Ok(lists) }
    }

    fn add_named(&self, oid: &str, list: &mut CodeList) -> Result<(), CodeListError> {
        for (code, (_, display)) in self.named.get(oid).into_iter().flatten() {
            if list.get(code).is_none() {
                list.add(
                    code,
                    ListedConcept { display: display.clone(), ..ListedConcept::default() },
                )?;
            }
        }
        Ok(())
    }
}

impl Entry {
    /// The entry for messages.
    fn label(&self) -> String {
        match &self.outer_id {
            Some(id) => format!("the entry {} {id}", self.name),
            None => format!("an entry {}", self.name),
        }
    }
}

impl Product {
    fn new(system: &'static str) -> Self {
        Self {
            system,
            id: None,
            full_name: None,
            trade_name: None,
            item_number: None,
            lmr_number: None,
            brand: None,
        }
    }
}

impl WholeList {
    fn open(&mut self, path: &[String], opened: &Opened<'_>) {
        let last = self.elements.last_mut();
        match (opened.name, path.last().map(String::as_str), last) {
            // An element of the list is in the entry, or in one that holds the list.
            ("element", Some(outer), _) if outer != "element" => {
                self.elements.push(WholeElement::default());
            }
            ("term", Some("element"), Some(element)) => element.terms.push((String::new(), None)),
            ("sprak", Some("term"), Some(element)) => {
                if let Some((_, language)) = element.terms.last_mut() {
                    *language = opened.attribute("V");
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, path: &[String], name: &str, text: &str) {
        let set = |slot: &mut Option<String>| *slot = Some(text.to_owned());
        let Some(outer) = path.last() else { return };
        match (&**outer, name) {
            ("info", "id") => set(&mut self.oid),
            ("info", "betegnelse") => set(&mut self.title),
            ("info", "kortnavn") if self.title.is_none() => set(&mut self.title),
            _ => {
                let Some(element) = self.elements.last_mut() else { return };
                match (&**outer, name) {
                    ("element", "id") => set(&mut element.id),
                    ("element", "parentid") => set(&mut element.parent),
                    ("element", "kode") => set(&mut element.code),
                    ("term", "term") => {
                        if let Some(term) = element.terms.last_mut() {
                            text.clone_into(&mut term.0);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn add_to(self, list: &mut CodeList) -> Result<(), CodeListError> {
        let by_id: HashMap<String, String> = self
            .elements
            .iter()
            .filter_map(|element| Some((element.id.clone()?, element.code.clone()?)))
            .collect();
        let codes: HashSet<String> =
            self.elements.iter().filter_map(|element| element.code.clone()).collect();
        for element in self.elements {
            let Some(code) = element.code else { continue };
            let mut terms: Vec<(String, Option<String>)> =
                element.terms.into_iter().filter(|(term, _)| !term.is_empty()).collect();
            // The Norwegian term is the display, or the one without a language.
            terms.sort_by_key(|(_, language)| {
                language.as_deref().is_some_and(|language| {
                    !["nb", "no", "nn"].iter().any(|own| language.to_lowercase().starts_with(own))
                })
            });
            let mut terms = terms.into_iter().map(|(term, _)| term);
            let parent = element
                .parent
                .and_then(|parent| by_id.get(&parent).cloned().or(Some(parent)))
                .filter(|parent| codes.contains(parent) && *parent != code);
            let concept = ListedConcept {
                display: terms.next(),
                designations: terms.collect(),
                parent,
                ..ListedConcept::default()
            };
            if list.get(&code).is_none() {
                list.add(&code, concept)?;
            }
        }
        Ok(())
    }
}

fn new_list(system: &str, title: &str, version: Option<&str>) -> CodeList {
    let mut list = CodeList::new(system, title);
    list.version = version.map(str::to_owned);
    list.is_case_sensitive = false;
    list
}

fn system_of(oid: &str) -> String {
    if oid == ATC_OID { ATC.to_owned() } else { format!("urn:oid:{oid}") }
}
