//! `-chmod`, `-chown`, `-chgrp`, `-setrep`, `-stat`, `-test`, `-getfacl`: what a file is beside its bytes.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use nix::unistd::{AccessFlags, Group, User, access};

use super::complaint::{Complaint, Done};
use super::list::{group, user};
use super::names::{Item, expand};
use super::run::{Run, print};
use super::show::BLOCK_BYTES;
use crate::cli::hadoop::fs_words::mode_bits;
use crate::cli::hadoop::times::{milliseconds, seconds};

/// Does something for the files that operands name, and with `-R` for all that is below them.
fn each_below(run: &mut Run<'_>, paths: &[&OsStr], mut act: impl FnMut(&Item) -> Done) -> Done {
    run.each_of(paths, |run, item| walk(run, item, &mut act))
}

fn walk(run: &mut Run<'_>, item: &Item, act: &mut dyn FnMut(&Item) -> Done) -> Done {
    act(item)?;
    let is_link = item.path.symlink_metadata().is_ok_and(|found| found.is_symlink());
    if run.words.has(&["-R"]) && item.is_dir() && !is_link {
        for child in item.children()? {
            let done = walk(run, &child, act);
            run.kept(done)?;
        }
    }
    Ok(())
}

/// `-chmod`.
pub fn permit(run: &mut Run<'_>) -> Done {
    let paths = run.words.paths.clone();
    let mode = paths[0].to_string_lossy();
    let change = Change::of(&mode)
        .ok_or_else(|| Complaint::Usage(format!("chmod : mode '{mode}' does not match the expected pattern.")))?;
    each_below(run, &paths[1..], |item| {
        let found = item.path.metadata().map_err(Complaint::at(item))?;
        let mode = change.applied(found.mode() & 0o7777, found.is_dir());
        fs::set_permissions(&item.path, Permissions::from_mode(mode)).map_err(Complaint::at(item))
    })
}

/// What is done to permissions.
enum Change {
    To(u32),
    /// Classes of users as bits of each, an operator, and letters; one after another.
    By(Vec<(u32, char, String)>),
}

impl Change {
    /// An octal mode of three digits, before which there may be a 0 or a 1; or clauses such as `u+x,go-w`.
    fn of(mode: &str) -> Option<Self> {
        let digits = mode.trim().trim_start_matches('+');
        if digits.bytes().all(|digit| (b'0'..=b'7').contains(&digit)) && !digits.is_empty() {
            let is_good = digits.len() == 3 || digits.len() == 4 && digits.starts_with(['0', '1']);
            return is_good.then(|| u32::from_str_radix(digits, 8).ok().map(Change::To))?;
        }
        mode.split(',').map(|clause| Self::clause(clause.trim())).collect::<Option<Vec<_>>>().map(Change::By)
    }

    fn clause(clause: &str) -> Option<(u32, char, String)> {
        let at = clause.find(['+', '-', '='])?;
        let (who, rest) = clause.split_at(at);
        let (sign, letters) = (rest.chars().next()?, &rest[1..]);
        let mut classes = 0;
        for class in who.chars() {
            classes |= match class {
                'u' => 0o700,
                'g' => 0o070,
                'o' => 0o007,
                'a' => 0o777,
                _ => return None,
            };
        }
        let is_known = !letters.is_empty() && letters.chars().all(|letter| "rwxXt".contains(letter));
        is_known.then(|| (if who.is_empty() { 0o777 } else { classes }, sign, letters.to_owned()))
    }

    fn applied(&self, mode: u32, is_dir: bool) -> u32 {
        let clauses = match self {
            Change::To(mode) => return *mode,
            Change::By(clauses) => clauses,
        };
        clauses.iter().fold(mode, |mode, (classes, sign, letters)| {
            let bits = letters.chars().fold(0, |bits, letter| {
                bits | match letter {
                    'r' => 0o444 & classes,
                    'w' => 0o222 & classes,
                    'x' => 0o111 & classes,
                    'X' if is_dir || mode & 0o111 != 0 => 0o111 & classes,
                    't' => 0o1000,
                    _ => 0,
                }
            });
            match sign {
                '+' => mode | bits,
                '-' => mode & !bits,
                _ => mode & !classes | bits,
            }
        })
    }
}

/// `-chown` and `-chgrp`.
pub fn own(run: &mut Run<'_>) -> Done {
    let paths = run.words.paths.clone();
    let said = paths[0].to_string_lossy();
    let is_name = |name: &str| name.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_./@+".contains(sign));
    let (owner, group) = match said.split_once(':') {
        _ if run.name == "chgrp" => ("", &*said),
        Some(both) => both,
        None => (&*said, ""),
    };
    if !is_name(owner) || !is_name(group) || group.is_empty() && run.name == "chgrp" {
        let of = if run.name == "chgrp" { "group" } else { "[owner][:group]." };
        let why = format!("'{said}' does not match expected pattern for {of}");
        return Err(Complaint::Usage(why));
    }
    if owner.is_empty() && group.is_empty() {
        return Err(Complaint::Usage(format!("'{said}' does not specify owner or group.")));
    }
    let number = |name: &str| name.parse::<u32>().ok();
    let user = || User::from_name(owner).ok().flatten().map(|user| user.uid.as_raw()).or_else(|| number(owner));
    let team = || Group::from_name(group).ok().flatten().map(|group| group.gid.as_raw()).or_else(|| number(group));
    let (uid, gid) = ((!owner.is_empty()).then(user), (!group.is_empty()).then(team));
    let unknown = match (uid, gid) {
        (Some(None), _) => Some(format!("invalid user: ‘{said}’")),
        (_, Some(None)) => Some(format!("invalid group: ‘{owner}:{group}’")),
        _ => None,
    };
    each_below(run, &paths[1..], |item| {
        let refused =
            |why: &str| Complaint::Plain(format!("changing ownership of '{}': chown: {why}", item.shown.display()));
        if let Some(why) = &unknown {
            return Err(refused(why));
        }
        chown(&item.path, uid.flatten(), gid.flatten()).map_err(Complaint::at(item))
    })
}

/// `-setrep`. A local file keeps its one copy.
pub fn replicate(run: &mut Run<'_>) -> Done {
    let paths = run.words.paths.clone();
    let said = paths[0].to_string_lossy();
    let copies: i16 = match said.parse() {
        Ok(copies) if copies < 1 => return Err(Complaint::Usage("replication must be >= 1".into())),
        Ok(copies) => copies,
        Err(_) => {
            Complaint::Plain("Illegal replication, a positive integer expected".into()).say(run.name);
            return Err(Complaint::Usage(format!("For input string: \"{said}\"")));
        }
    };
    // It always goes into directories.
    run.words.flags.push("-R");
    each_below(run, &paths[1..], |item| {
        if !item.is_dir() {
            print(format_args!("Replication {copies} set: {}", item.shown.display()));
        }
        Ok(())
    })
}

/// `-stat`. A first operand with a percent sign is the format.
pub fn tell(run: &mut Run<'_>) -> Done {
    let paths = run.words.paths.clone();
    let first = paths[0].to_string_lossy();
    let (format, paths) = if first.contains('%') { (&*first, &paths[1..]) } else { ("%y", &paths[..]) };
    if paths.is_empty() {
        return Err(Complaint::Usage("Not enough arguments: expected 1 but got 0".into()));
    }
    run.each_of(paths, |_, item| {
        print(told(item, format)?);
        Ok(())
    })
}

fn told(item: &Item, format: &str) -> Done<String> {
    let found = item.path.metadata().map_err(Complaint::at(item))?;
    let (accessed, modified) = (found.accessed(), found.modified());
    let (Ok(accessed), Ok(modified)) = (accessed, modified) else { return Ok(String::new()) };
    let (mut text, mut signs) = (String::new(), format.chars());
    while let Some(sign) = signs.next() {
        if sign != '%' {
            text.push(sign);
            continue;
        }
        let Some(fact) = signs.next() else { break };
        text += &match fact {
            'a' => format!("{:o}", found.mode() & 0o1777),
            'A' => mode_bits(found.mode()),
            'b' => found.len().to_string(),
            'F' => if found.is_dir() { "directory" } else { "regular file" }.to_owned(),
            'g' => group(&found),
            'n' => item.name().display().to_string(),
            'o' => BLOCK_BYTES.to_string(),
            'r' => "1".to_owned(),
            'u' => user(&found),
            'x' => seconds(accessed),
            'X' => milliseconds(accessed).to_string(),
            'y' => seconds(modified),
            'Y' => milliseconds(modified).to_string(),
            other => other.to_string(),
        };
    }
    Ok(text)
}

/// `-test`: tells by complaints alone, and those are silent where a file is not there.
pub fn test(run: &mut Run<'_>) -> Done {
    let flag = match run.words.flags[..] {
        [] => return Err(Complaint::Usage("No test flag given".into())),
        [flag] => flag,
        _ => return Err(Complaint::Usage("Only one test flag is allowed".into())),
    };
    for item in expand(run.words.paths[0])? {
        let may = |what| access(&item.path, what).is_ok();
        let length = item.path.metadata().map(|found| found.len());
        let holds = item.exists()
            && match flag {
                "-d" => item.is_dir(),
                "-f" => !item.is_dir(),
                "-s" => length.is_ok_and(|length| length > 0),
                "-z" => length.is_ok_and(|length| length == 0),
                "-w" => may(AccessFlags::W_OK),
                "-r" => may(AccessFlags::R_OK),
                _ => true,
            };
        run.complaints += usize::from(!holds);
    }
    Ok(())
}

/// `-getfacl`: the permissions, since local files have no other list here.
pub fn list(run: &mut Run<'_>) -> Done {
    let paths = run.words.paths.clone();
    match paths.len() {
        0 => return Err(Complaint::Usage("<path> is missing".into())),
        1 => {}
        _ => return Err(Complaint::Usage("Too many arguments".into())),
    }
    each_below(run, &paths, |item| {
        let found = item.path.metadata().map_err(Complaint::at(item))?;
        let (mode, name) = (found.mode(), item.shown.display());
        let bits = mode_bits(mode & 0o777);
        let sticky = if mode & 0o1000 != 0 { "# flags: --t\n" } else { "" };
        print(format_args!(
            "# file: {name}\n# owner: {}\n# group: {}\n{sticky}user::{}\ngroup::{}\nother::{}\n",
            user(&found),
            group(&found),
            &bits[..3],
            &bits[3..6],
            &bits[6..]
        ));
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_change_as_the_mode_says() {
        for (mode, before, is_dir, after) in [
            ("600", 0o644, false, 0o600),
            ("1755", 0o644, false, 0o1755),
            ("755", 0o1755, true, 0o755),
            ("g+w,o=r", 0o600, false, 0o624),
            ("+x", 0o624, false, 0o735),
            ("a+X", 0o644, false, 0o644),
            ("a+X", 0o644, true, 0o755),
            ("u-w", 0o735, false, 0o535),
            ("o+t", 0o755, true, 0o1755),
        ] {
            assert_eq!(Change::of(mode).unwrap().applied(before, is_dir), after, "{mode}");
        }
        for mode in ["zz", "999", "7777", "77", "5", "u+s", "g=u", "u=rwx,g=,o="] {
            assert!(Change::of(mode).is_none(), "{mode}");
        }
    }
}
