//! The clients of the server: addresses and user agents.

use rand_core::RngCore;

use super::super::sampling::{AliasTable, below};

const CLIENTS: u32 = 20_000;

/// A client, always with the same address and user agent.
pub(super) struct Client {
    /// A dotted IPv4 address.
    pub(super) address: String,
    pub(super) agent: &'static Agent,
}

impl Client {
    /// Browsers send a referer, programs do not.
    pub(super) fn sends_referer(&self) -> bool {
        matches!(self.agent.kind, AgentKind::Browser)
    }
}

/// A user agent.
pub(super) struct Agent {
    pub(super) text: &'static str,
    kind: AgentKind,
    share: u32,
}

enum AgentKind {
    Browser,
    Program,
}

const fn browser(share: u32, text: &'static str) -> Agent {
    Agent { text, kind: AgentKind::Browser, share }
}

const fn program(share: u32, text: &'static str) -> Agent {
    Agent { text, kind: AgentKind::Program, share }
}

#[rustfmt::skip]
static AGENTS: [Agent; 18] = [
    browser(180, "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.152 Safari/537.36"),
    browser(110, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_10_3) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.152 Safari/537.36"),
    browser(90, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.152 Safari/537.36"),
    browser(80, "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:38.0) Gecko/20100101 Firefox/38.0"),
    browser(70, "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:38.0) Gecko/20100101 Firefox/38.0"),
    browser(60, "Mozilla/5.0 (Windows NT 6.3; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.152 Safari/537.36"),
    browser(50, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_10_3) AppleWebKit/600.6.3 (KHTML, like Gecko) Version/8.0.6 Safari/600.6.3"),
    browser(40, "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko"),
    browser(35, "Mozilla/5.0 (iPhone; CPU iPhone OS 8_3 like Mac OS X) AppleWebKit/600.1.4 (KHTML, like Gecko) Version/8.0 Mobile/12F70 Safari/600.1.4"),
    browser(25, "Mozilla/5.0 (Linux; Android 5.0.2; SM-G920F Build/LRX22G) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.111 Mobile Safari/537.36"),
    browser(10, "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.17"),
    program(70, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    program(40, "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
    program(40, "Tiny Tiny RSS/1.11 (http://tt-rss.org/)"),
    program(35, "UniversalFeedParser/4.2-pre-314-svn +http://feedparser.org/"),
    program(25, "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)"),
    program(20, "curl/7.42.1"),
    program(20, "-"),
];

/// The clients, from the most to the least busy.
pub(super) fn clients(rng: &mut impl RngCore) -> Vec<Client> {
    let agents = AliasTable::of_counts(AGENTS.iter().map(|agent| agent.share));
    (0..CLIENTS).map(|_| Client { address: address(rng), agent: &AGENTS[agents.draw(rng) as usize] }).collect()
}

/// An address outside the private 10/8, the loopback 127/8, multicast and reserved ranges.
fn address(rng: &mut impl RngCore) -> String {
    let first = loop {
        let first = 1 + below(rng, 223);
        if first != 10 && first != 127 {
            break first;
        }
    };
    format!("{first}.{}.{}.{}", below(rng, 256), below(rng, 256), 1 + below(rng, 254))
}
