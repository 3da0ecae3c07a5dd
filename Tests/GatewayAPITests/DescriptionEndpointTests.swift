import Crypto
import Testing

@testable import GatewayAPI

@Suite("The description as a page and as a document")
struct DescriptionEndpointTests {
    @Test("a caller that has the entity is told so, whatever form its tag comes in")
    func entityTags() {
        let tag = "\"abc\""
        for field in ["\"abc\"", "W/\"abc\"", "*", "\"x\", \"abc\"", "\"x\" ,W/\"abc\" "] {
            #expect(DescriptionEndpoint.holds(tag, [field]), "\(field)")
        }
        #expect(DescriptionEndpoint.holds(tag, ["\"x\"", "\"abc\""]))
        for field in ["", "abc", "\"abcd\"", "\"x\"", "w/\"abc\""] {
            #expect(!DescriptionEndpoint.holds(tag, [field]), "\(field)")
        }
    }

    @Test("the page names nothing elsewhere, and its policy lets exactly its own script and style run")
    func page() throws {
        #expect(!DocsPage.html.contains("http://") && !DocsPage.html.contains("https://"))
        #expect(
            !DocsPage.html.contains("src=") && !DocsPage.html.contains("<link") && !DocsPage.html.contains("@import"))
        #expect(!DocsPage.script.contains("innerHTML"), "texts of the description must stay texts")
        for (tag, directive) in [("script", "script-src"), ("style", "style-src")] {
            let parts = DocsPage.html.split(separator: "<\(tag)>", maxSplits: 1)
            let text = try #require(parts.last?.firstRange(of: "</\(tag)>").map { parts[1][..<$0.lowerBound] })
            let digest = Base64.encode(SHA256.hash(Array(text.utf8)))
            #expect(DocsPage.policy.contains("\(directive) 'sha256-\(digest)'"))
        }
        #expect(DocsPage.policy.hasPrefix("default-src 'none'; ") && !DocsPage.policy.contains("unsafe"))
    }
}
