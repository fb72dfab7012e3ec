//! Short texts of people, read.

/// `NAME=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is not NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A number of days, weeks or years: `90d`, `12w`, `1y`, or days alone.
pub(crate) fn days(text: &str) -> Result<u32, String> {
    let wrong = || format!("`{text}` is no time in days: 90d, 12w, 1y");
    let units = [('d', 1), ('w', 7), ('y', 365)];
    let of_unit = |(letter, days): (char, u32)| Some((text.strip_suffix(letter)?, days));
    let (number, days) = units.into_iter().find_map(of_unit).unwrap_or((text, 1));
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    number.parse::<u32>().ok().and_then(|number| number.checked_mul(days)).ok_or_else(wrong)
}
