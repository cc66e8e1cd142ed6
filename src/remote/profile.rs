//! The profile of AWS's command line: `~/.aws/credentials` and `~/.aws/config`.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::path::PathBuf;

/// The settings of the profile that `AWS_PROFILE` names.
#[derive(Debug)]
pub(super) struct Profile {
    name: String,
    credentials: PathBuf,
    values: HashMap<String, String>,
}

impl Profile {
    /// Reads the files, so far as they are there.
    pub fn find() -> Self {
        let named = |variable: &str| env::var_os(variable).filter(|value| !value.is_empty());
        let name = named("AWS_PROFILE").and_then(|name| name.into_string().ok()).unwrap_or("default".into());
        let home = named("HOME").map(PathBuf::from).unwrap_or_default();
        let path = |variable: &str, file: &str| named(variable).map_or_else(|| home.join(file), PathBuf::from);
        let credentials = path("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
        let mut values = HashMap::new();
        let config = fs::read_to_string(path("AWS_CONFIG_FILE", ".aws/config")).unwrap_or_default();
        let section = if name == "default" { name.clone() } else { format!("profile {name}") };
        values.extend(settings(&config, &section));
        values.extend(settings(&fs::read_to_string(&credentials).unwrap_or_default(), &name));
        Profile { name, credentials, values }
    }

    /// A setting.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// Where it is, for messages.
    pub fn description(&self) -> String {
        format!("the profile {} (AWS_PROFILE) in {}", self.name, self.credentials.display())
    }
}

/// The settings of a section.
fn settings(text: &str, section: &str) -> Vec<(String, String)> {
    let (mut is_inside, mut found) = (false, Vec::new());
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some(name) = trimmed.strip_prefix('[') {
            is_inside = name.split(']').next().is_some_and(|name| name.trim() == section);
        } else if let (true, Some((key, value))) = (is_inside && !trimmed.starts_with('#'), trimmed.split_once('=')) {
            // An indented line is of a nested setting.
            if !line.starts_with([' ', '\t']) {
                found.push((key.trim().to_owned(), value.trim().to_owned()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_the_settings_of_its_section_alone() {
        let text = "[default]\nregion = a\n# region = b\n[profile x]\nregion=c\ns3 =\n  region = d\n[y]\nregion = e\n";
        let region = |section: &str| {
            let found = settings(text, section).into_iter().find(|(key, _)| key == "region");
            found.map(|(_, value)| value)
        };
        assert_eq!(region("default").as_deref(), Some("a"));
        assert_eq!(region("profile x").as_deref(), Some("c"));
        assert_eq!(region("x"), None);
    }
}
