import InferenceModel
import JSON

/// The key of a Vertex AI channel: `region|{service account}`, `region|api key` or `region|project|api key` (contract providers §9).
///
/// Two equal halves, as in `x|x`, mean that the first says nothing.
struct VertexKey {
    /// The place of the models; empty when the key names none.
    let region: String
    /// The project; `nil` for an API key without one.
    let project: String?
    let credential: Credential

    private static let issuer = "https://oauth2.googleapis.com/token"
    private static let scope = "https://www.googleapis.com/auth/cloud-platform"

    /// Reads a key; `nil` when nothing stands behind the region.
    init?(_ key: String) {
        // A service account may hold anything, also the mark between the parts.
        let parts =
            key.first == "{"
            ? ["", key[...]] : key.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let rest = Self.trimmed(parts[1])
        guard !rest.isEmpty else { return nil }
        let place = Self.trimmed(parts[0])
        region = place == rest ? "" : place
        if rest.first == "{" {
            switch Self.account(rest) {
            case .success(let (project, grant)):
                self.project = project
                credential = .token(grant)
            case .failure(let fault):
                project = nil
                credential = .unusable(fault.reason)
            }
            return
        }
        let halves = rest.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false).map(Self.trimmed)
        guard let secret = halves.last, !secret.isEmpty else { return nil }
        project = halves.count == 2 && halves[0] != secret && !halves[0].isEmpty ? halves[0] : nil
        credential = AuthScheme.header("x-goog-api-key").credential(secret)
    }

    private struct Fault: Error {
        let reason: String
    }

    /// The project and the grant of a service account's key file; a fault names the member.
    private static func account(_ text: String) -> Result<(project: String, grant: TokenGrant), Fault> {
        guard let file = (try? JSONValue.parse(Array(text.utf8)))?.object else {
            return .failure(Fault(reason: "its service account is not valid JSON"))
        }
        do throws(Fault) {
            func member(_ name: String) throws(Fault) -> String {
                guard let text = file[name]?.string, !text.isEmpty else {
                    throw Fault(reason: "\(name) of its service account is missing")
                }
                return text
            }
            if let type = file["type"]?.string, type != "service_account" {
                throw Fault(reason: "type of its service account is not service_account")
            }
            let address = file["token_uri"]?.string ?? issuer
            guard address.hasPrefix("https://") || address.hasPrefix("http://") else {
                throw Fault(reason: "token_uri of its service account is no web address")
            }
            // A key that went through a shell has its line breaks spelled out.
            let account = ServiceAccount(
                email: try member("client_email"), keyID: file["private_key_id"]?.string ?? "",
                privateKey: try member("private_key").replacing("\\n", with: "\n"), scope: scope)
            return .success((try member("project_id"), TokenGrant(address: address, request: .assertion(account))))
        } catch {
            return .failure(error)
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
