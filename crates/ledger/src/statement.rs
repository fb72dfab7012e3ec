//! Statements of the recovery key's holder: which store to believe although its anchors know more. docs/formats/anchor.md.

use crate::OpenFault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto::{SigningKey, VerifyingKey};
use domain::RecoveryHalves;

const TITLE: &str = "keyward recovery statement v1";
/// A longer text is no statement.
const TEXT_BYTES_MAX: usize = 1_024;

/// A head of a log: how many entries, and their root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedHead {
    pub size: u64,
    pub root: [u8; 32],
}

/// "At this site, believe the store with this head, although its anchor has that one."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub site: [u8; 16],
    pub store: NamedHead,
    /// None: no anchor can be read.
    pub anchor: Option<NamedHead>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedStatement {
    pub statement: Statement,
    pub signature: [u8; 64],
}

impl Statement {
    /// The text that is signed.
    pub fn text(&self) -> String {
        let head = |head: &NamedHead| format!("{} {}", head.size, STANDARD.encode(head.root));
        let anchor = self.anchor.as_ref().map_or_else(|| "none".to_owned(), head);
        format!("{TITLE}\nsite {}\nstore {}\nanchor {anchor}\n", hex(&self.site), head(&self.store))
    }

    pub fn sign(self, key: &SigningKey) -> SignedStatement {
        let signature = key.sign(self.text().as_bytes());
        SignedStatement { statement: self, signature }
    }

    /// Reads the text; none for any other.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.get(..text.len().min(TEXT_BYTES_MAX))?.lines();
        let title = lines.next()? == TITLE;
        let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let site = unhex(field("site")?)?;
        let store = head(field("store")?)?;
        let anchor = match field("anchor")? {
            "none" => None,
            named => Some(head(named)?),
        };
        let statement = Self { site, store, anchor };
        title.then_some(statement)
    }
}

impl SignedStatement {
    pub fn text(&self) -> String {
        format!("{}signature {}\n", self.statement.text(), STANDARD.encode(self.signature))
    }

    pub fn parse(text: &str) -> Option<Self> {
        let statement = Statement::parse(text)?;
        let line = text.strip_prefix(statement.text().as_str())?.strip_prefix("signature ")?;
        let signature = STANDARD.decode(line.trim_end()).ok()?.try_into().ok()?;
        Some(Self { statement, signature })
    }

    /// Whether the holder of the recovery key says so, of this site, this store and this anchor.
    pub(crate) fn allows(
        &self,
        site: &[u8; 16],
        store: NamedHead,
        anchor: Option<NamedHead>,
        halves: &RecoveryHalves,
    ) -> Result<(), OpenFault> {
        let said = &self.statement;
        if said.site != *site {
            return Err(OpenFault::StatementOfOtherSite);
        }
        if !VerifyingKey(halves.verify).verify(said.text().as_bytes(), &self.signature) {
            return Err(OpenFault::StatementForged);
        }
        if said.store != store || said.anchor != anchor {
            return Err(OpenFault::StatementOfOtherHeads);
        }
        Ok(())
    }
}

fn head(text: &str) -> Option<NamedHead> {
    let (digits, root) = text.split_once(' ')?;
    let size: u64 = digits.parse().ok()?;
    let root = STANDARD.decode(root).ok()?.try_into().ok()?;
    // Numbers have one spelling.
    (size.to_string() == digits).then_some(NamedHead { size, root })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 16]> {
    let id = domain::ObjectId::parse(&dashed(text)?)?;
    Some(id.0)
}

/// 32 digits as a UUID is written.
fn dashed(digits: &str) -> Option<String> {
    let part = |from: usize, to: usize| digits.get(from..to);
    (digits.len() == 32).then_some(())?;
    Some([part(0, 8)?, part(8, 12)?, part(12, 16)?, part(16, 20)?, part(20, 32)?].join("-"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn statement() -> Statement {
        let head = |size| NamedHead { size, root: [7; 32] };
        Statement { site: [0xab; 16], store: head(5), anchor: Some(head(9)) }
    }

    #[test]
    fn statements_are_read_as_they_were_written_and_nothing_else_is() {
        let key = SigningKey::from_seed(secret::Held::keep(&[1; 32]).ok().unwrap()).ok().unwrap();
        for anchor in [statement().anchor, None] {
            let signed = Statement { anchor, ..statement() }.sign(&key);
            assert_eq!(SignedStatement::parse(&signed.text()), Some(signed.clone()));
            let text = signed.text();
            for edited in [
                text.replacen('5', "05", 1),
                text.replacen("ab", "AB", 1),
                format!(" {text}"),
                text.replace("none", "nona").replacen("v1", "v2", 1),
            ] {
                assert_eq!(SignedStatement::parse(&edited), None, "{edited}");
            }
        }
    }

    #[test]
    fn a_statement_allows_what_it_names_and_no_more() {
        let seed = |byte: u8| SigningKey::from_seed(secret::Held::keep(&[byte; 32]).ok().unwrap()).ok().unwrap();
        let (key, said) = (seed(1), statement());
        let halves = RecoveryHalves { verify: key.public().0, seal: [0; 32] };
        let signed = said.clone().sign(&key);
        let ask = |signed: &SignedStatement, site, store, anchor| signed.allows(&site, store, anchor, &halves);
        assert_eq!(ask(&signed, said.site, said.store, said.anchor), Ok(()));
        assert_eq!(ask(&signed, [0; 16], said.store, said.anchor), Err(OpenFault::StatementOfOtherSite));
        assert_eq!(ask(&signed, said.site, said.store, None), Err(OpenFault::StatementOfOtherHeads));
        let other = NamedHead { size: 6, ..said.store };
        assert_eq!(ask(&signed, said.site, other, said.anchor), Err(OpenFault::StatementOfOtherHeads));
        let forged = said.clone().sign(&seed(2));
        assert_eq!(ask(&forged, said.site, said.store, said.anchor), Err(OpenFault::StatementForged));
    }
}
