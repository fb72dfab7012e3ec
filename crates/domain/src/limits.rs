//! Everything has a limit, with a name and a unit.

pub const LOCATION_CHARS_MAX: usize = 64;
pub const DESCRIPTION_CHARS_MAX: usize = 8_192;
pub const TAGS_PER_KEY_MAX: usize = 50;
pub const TAG_NAME_CHARS_MAX: usize = 128;
pub const TAG_VALUE_CHARS_MAX: usize = 256;
pub const ALIASES_PER_KEY_MAX: usize = 50;
pub const POLICY_BYTES_MAX: usize = 32_768;
pub const IDENTITY_DOCUMENTS_PER_PRINCIPAL_MAX: usize = 20;
pub const IDENTITY_DOCUMENT_BYTES_MAX: usize = 6_144;
pub const ACCESS_KEYS_PER_PRINCIPAL_MAX: usize = 2;
/// Access keys that are public keys, of one principal.
pub const PUBLIC_KEYS_PER_PRINCIPAL_MAX: usize = 10;
/// An RSA public key of 4096 bits has 550.
pub const PUBLIC_KEY_BYTES_MAX: usize = 1_024;
pub const AUDIENCE_CHARS_MAX: usize = 256;
/// Of an issuer of tokens elsewhere, of whom it vouches for, and of what it calls its key.
pub const OUTSIDE_CHARS_MAX: usize = 512;
/// How long an access token lives at most, and where nobody says how long.
pub const TOKEN_SECONDS_MAX: u32 = 3_600;
/// Plaintext of a direct encryption; larger data goes into an envelope.
pub const PLAINTEXT_BYTES_MAX: usize = 65_536;
pub const CONTEXT_BYTES_MAX: usize = 65_536;
pub const RANDOM_BYTES_MAX: u32 = 1_024;
pub const VERSIONS_PER_KEY_MAX: usize = 10_000;
pub const DESTRUCTION_WINDOW_DAYS_MIN: u32 = 7;
pub const DESTRUCTION_WINDOW_DAYS_MAX: u32 = 90;
pub const SECONDS_PER_DAY: u32 = 86_400;
pub const ROTATION_PERIOD_SECONDS_MIN: u32 = SECONDS_PER_DAY;
pub const ROTATION_PERIOD_SECONDS_MAX: u32 = 36_500 * SECONDS_PER_DAY;
/// How long one version waits for its destruction.
pub const VERSION_WINDOW_SECONDS_MIN: u32 = SECONDS_PER_DAY;
pub const VERSION_WINDOW_SECONDS_MAX: u32 = 120 * SECONDS_PER_DAY;
pub const VERSION_WINDOW_SECONDS_DEFAULT: u32 = 30 * SECONDS_PER_DAY;
/// Of one tenant and location, where they are listed in the order of their names.
pub const KEYS_LISTED_MAX: usize = 100_000;
pub const RINGS_LISTED_MAX: usize = 100_000;
/// How long an import job unwraps material.
pub const IMPORT_JOB_SECONDS: u32 = 3 * SECONDS_PER_DAY;
/// Material as it is brought: an RSA key of 4,096 bits in PKCS#8, wrapped, has 3,000.
pub const WRAPPED_BYTES_MAX: usize = 8_192;
/// What somebody says of why.
pub const REASON_CHARS_MAX: usize = 256;
pub const PAGE_ITEMS_MAX: u32 = 1_000;
/// How often a key may seal by AES-GCM with random IVs of 96 bits (SP 800-38D, section 8.3).
pub const GCM_USES_MAX: u64 = 1 << 32;
/// Bytes of a message that is signed or authenticated here.
pub const MESSAGE_BYTES_MAX: usize = 65_536;
