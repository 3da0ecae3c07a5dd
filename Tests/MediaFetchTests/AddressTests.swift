import HTTPCore
import Testing

@testable import MediaFetch

@Suite("Addresses that strangers name")
struct AddressTests {
    private func kind(_ text: String) throws -> AddressClass {
        AddressClass(try #require(PeerAddress(text)))
    }

    @Test(
        "addresses of the public internet are open",
        arguments: ["1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450:4001::64"])
    func open(_ text: String) throws {
        #expect(try kind(text) == .open)
    }

    @Test(
        "this machine, private networks and special blocks are inner",
        arguments: [
            "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
            "100.64.0.1", "198.18.0.1", "192.0.2.7", "224.0.0.1", "255.255.255.255", "::", "::1", "fc00::1", "fd12::1",
            "ff02::1", "2001:db8::1", "2001::1", "fec0::1", "100::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        ])
    func inner(_ text: String) throws {
        #expect(try kind(text) == .inner)
    }

    @Test(
        "link-local and metadata addresses are barred, in every disguise",
        arguments: [
            "169.254.169.254", "169.254.170.2", "::ffff:169.254.169.254", "::169.254.169.254", "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1", "fe80::1", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192",
            "64:ff9b::7f00:1", "2002:7f00:1::", "::7f00:1", "2002:0a00:0001::",
        ])
    func barred(_ text: String) throws {
        #expect(try kind(text) == .barred)
    }

    @Test("an IPv4 address of the public internet is open through a translator too")
    func translated() throws {
        #expect(try kind("64:ff9b::808:808") == .open)
        #expect(try kind("2002:808:808::1") == .open)
    }

    @Test("what the operator lists is allowed, but never a metadata address")
    func listed() throws {
        let policy = try #require(FetchPolicy(allowing: "pics.internal, 10.1.0.0/16 127.0.0.1,169.254.169.254"))
        func allows(_ address: String, _ host: String) throws -> Bool {
            policy.allows(try #require(PeerAddress(address)), host: host)
        }
        #expect(try allows("192.168.7.7", "pics.internal"))
        #expect(try !allows("192.168.7.7", "other.internal"))
        #expect(try !allows("192.168.7.7", "a.pics.internal"))
        #expect(try allows("10.1.2.3", "x"))
        #expect(try !allows("10.2.2.3", "x"))
        #expect(try allows("127.0.0.1", "x"))
        #expect(try allows("1.1.1.1", "x"))
        #expect(try !allows("169.254.169.254", "pics.internal"))
        let loopback = try #require(PeerAddress("127.0.0.1"))
        #expect(!FetchPolicy().allows(loopback, host: "localhost"))
        #expect(FetchPolicy(allowing: "http://x/") == nil)
        #expect(FetchPolicy(allowing: "10.0.0.0/99") == nil)
    }

    @Test("an address is taken apart, and asked for as browsers would")
    func parts() throws {
        let address = try #require(MediaAddress("HTTPS://Example.COM:8443/a b/ü.png?x=\"1\"#top"))
        #expect(address.scheme == "https" && address.host == "example.com")
        #expect(address.url == "https://Example.COM:8443/a%20b/%C3%BC.png?x=%221%22")
        #expect(MediaAddress("http://h")?.url == "http://h/")
        #expect(MediaAddress("http://h?q")?.url == "http://h/?q")
        #expect(MediaAddress("http://[2001:DB8::1]:80/x")?.host == "2001:db8::1")
    }

    @Test(
        "an address that parsers could read in two ways is none",
        arguments: [
            "ftp://h/", "file:///etc/passwd", "http://", "http:///x", "http://user@h/", "http://h:p@x/",
            "http://h\\@x/",
            "http://h:0/", "http://h:99999/", "http://h:/x:", "http://[::1", "http://[::1]x/",
            "http://[fe80::1%25eth0]/",
            "http://ex\u{430}mple/", "http://h\n/", "//h/", "http:h", "gopher://h", " http://h/",
        ])
    func refused(_ text: String) {
        #expect(MediaAddress(text) == nil)
    }

    @Test("an address longer than 8 KiB is none")
    func long() {
        #expect(MediaAddress("http://h/" + String(repeating: "a", count: 8192)) == nil)
    }

    @Test("redirects are followed as RFC 3986 resolves them")
    func redirects() throws {
        let base = try #require(MediaAddress("https://h:8443/a/b?q=1"))
        #expect(base.redirected(to: "http://other/x")?.url == "http://other/x")
        #expect(base.redirected(to: "//other/x")?.url == "https://other/x")
        #expect(base.redirected(to: "/x")?.url == "https://h:8443/x")
        #expect(base.redirected(to: "x?y")?.url == "https://h:8443/a/x?y")
        #expect(base.redirected(to: "?y")?.url == "https://h:8443/a/b?y")
        #expect(base.redirected(to: "../../x/./y")?.url == "https://h:8443/x/y")
        #expect(base.redirected(to: "..")?.url == "https://h:8443/")
        #expect(base.redirected(to: "/a/../b/.?../.")?.url == "https://h:8443/b/?../.")
        #expect(base.redirected(to: "x:y") == nil)
        #expect(base.redirected(to: "file:///etc/passwd") == nil)
        #expect(base.redirected(to: "javascript:1") == nil)
        #expect(base.redirected(to: "http://user:p@other/") == nil)
    }

    @Test("files are known by their first bytes")
    func sniffing() {
        func type(_ text: String) -> String? { MediaSniffer.type(of: Array(text.utf8)) }
        #expect(MediaSniffer.type(of: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0]) == "image/png")
        #expect(MediaSniffer.type(of: [0xFF, 0xD8, 0xFF, 0xE0]) == "image/jpeg")
        #expect(MediaSniffer.type(of: [0xFF, 0xFB, 0x90, 0x00] + [UInt8](repeating: 0, count: 20)) == "audio/mpeg")
        #expect(MediaSniffer.type(of: [0xFF, 0xF1, 0x50, 0x80] + [UInt8](repeating: 0, count: 20)) == "audio/aac")
        #expect(type("GIF89a") == "image/gif")
        #expect(type("RIFF0000WEBPVP8 ") == "image/webp")
        #expect(type("RIFF0000WAVEfmt ") == "audio/wav")
        #expect(type("0000ftypM4A 0000") == "audio/mp4")
        #expect(type("0000ftypisom0000") == "video/mp4")
        #expect(type("0000ftypheic0000") == "image/heic")
        #expect(type("%PDF-1.7") == "application/pdf")
        #expect(type("<html><body>no picture</body>") == nil)
        #expect(type("") == nil)
    }
}
