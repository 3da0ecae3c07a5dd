import Crypto
import Glibc

/// A script for `psql` that makes many groups and tokens at once, as the registry itself would have written them: keys sealed and looked up by digest.
///
/// To make them one by one over the admin API takes minutes.
struct TenantScript {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// The key of a token by its number; it looks like those that the registry makes.
    static func key(_ number: Int) -> String {
        let bytes = (SHA256.hash(Array("first \(number)".utf8)) + SHA256.hash(Array("last \(number)".utf8))).prefix(48)
        return String(decoding: bytes.map { alphabet[Int($0) % alphabet.count] }, as: UTF8.self)
    }

    private static let piece = 1000
    private let groups: Int
    private let tokens: Int
    private let box: SecretBox

    /// Takes `--groups N --tokens N`; the secret comes from the environment.
    init(_ arguments: [String], secretsKey: String?) throws {
        let numbers = arguments.compactMap { Int($0) }
        guard arguments.count == 4, arguments[0] == "--groups", arguments[2] == "--tokens", numbers.count == 2,
            numbers.allSatisfy({ (1...1_000_000).contains($0) })
        else { throw LoadError.argument("tenants takes --groups N --tokens N, each 1 to 1000000") }
        guard let secretsKey, !secretsKey.isEmpty else {
            throw LoadError.argument("tenants needs SECRETS_KEY in the environment")
        }
        groups = numbers[0]
        tokens = numbers[1]
        box = SecretBox(secretsKey: secretsKey)
    }

    /// Writes the script to standard output.
    func run() {
        // The rows get their revision where it is taken, so that it is right whatever else was written.
        show(
            """
            BEGIN;
            CREATE TEMP TABLE new_groups (id text, available_sets text[]) ON COMMIT DROP;
            COPY new_groups FROM stdin;

            """)
        pieces(of: groups) { "group-\($0)\t\($0.isMultiple(of: 4) ? "{default,eu}" : "{}")\n" }
        show(
            """
            \\.
            CREATE TEMP TABLE new_tokens (
                id bigint, group_id text, name text, digest text, sealed_key text, models text[], subnets text[]
            ) ON COMMIT DROP;
            COPY new_tokens FROM stdin;

            """)
        pieces(of: tokens, row)
        show(
            """
            \\.
            WITH next AS (UPDATE registry.settings SET revision = revision + 1 RETURNING revision), made AS (
                INSERT INTO registry.groups (id, available_sets, revision)
                SELECT id, available_sets, revision FROM new_groups, next RETURNING id
            )
            INSERT INTO registry.tokens (id, group_id, name, digest, sealed_key, models, subnets, revision)
            SELECT t.id, t.group_id, t.name, t.digest, t.sealed_key, t.models, t.subnets, next.revision
            FROM new_tokens t, next;
            SELECT setval('registry.tokens_id_seq', \(tokens));
            SELECT pg_notify('registry_changed', '');
            COMMIT;
            ANALYZE;

            """)
    }

    private func row(_ number: Int) -> String {
        let key = Self.key(number)
        let models = number.isMultiple(of: 4) ? "{model-\(number % 800),model-\(number % 797),gpt-4o}" : "{}"
        let subnets = number.isMultiple(of: 10) ? "{10.0.0.0/8,127.0.0.0/8}" : "{}"
        return "\(number)\tgroup-\(number % groups + 1)\tkey \(number)\t\(SHA256.hex(key))\t"
            + "\(box.seal(key, context: "token:\(number)"))\t\(models)\t\(subnets)\n"
    }

    private func pieces(of count: Int, _ row: (Int) -> String) {
        for start in stride(from: 1, through: count, by: Self.piece) {
            show((start..<min(start + Self.piece, count + 1)).map(row).joined())
        }
    }

    private func show(_ text: String) {
        print(text, terminator: "")
    }
}
