import JSON
import Testing

@testable import APIDescription

@Suite("The OpenAPI document")
struct APIDocumentTests {
    private let document: JSONValue

    init() throws {
        document = try JSONValue.parse(APIDescription.document)
    }

    @Test("it says which version of OpenAPI it is, and has every route")
    func whole() throws {
        #expect(document["openapi"] == "3.1.0")
        let paths = try #require(document["paths"]?.object)
        let found = paths.members.flatMap { path in
            (path.value.object?.keys ?? []).map { "\($0.uppercased()) \(path.key)" }
        }
        #expect(Set(found) == Set(APIDescription.operations.map { "\($0.method.rawValue) \($0.template)" }))
        #expect(found.count == APIDescription.operations.count, "two rows describe one route")
    }

    @Test("every reference leads to a schema, and every schema is used")
    func references() throws {
        var used: Set<String> = []
        func walk(_ value: JSONValue) {
            if let reference = value["$ref"]?.string { used.insert(String(reference.split(separator: "/").last ?? "")) }
            for member in value.object?.members ?? [] { walk(member.value) }
            for element in value.array ?? [] { walk(element) }
        }
        walk(document)
        let named = APIDescription.schemas.map(\.name)
        #expect(Set(named).count == named.count, "two schemas have one name")
        #expect(used == Set(named))
    }

    @Test("names of operations are unique, and paths differ in more than the names of their parameters")
    func unique() {
        let names = APIDescription.operations.map(\.identifier)
        #expect(Set(names).count == names.count)
        let templates = Set(APIDescription.operations.map(\.template))
        #expect(Set(templates.map { $0.replacing(#/\{\w+\}/#, with: "{}") }).count == templates.count)
    }

    @Test("each operation says what it is for and what its parameters mean", arguments: APIDescription.operations)
    func explained(_ operation: APIOperation) {
        #expect(!operation.summary.isEmpty && !operation.owners.isEmpty)
        let names = operation.parameters.map(\.name)
        #expect(Set(names).count == names.count, "\(operation.path) has a parameter twice")
        let varying = Set(
            operation.path.split(separator: "/").filter { ":*".contains($0.prefix(1)) }.map { $0.dropFirst() })
        for parameter in operation.parameters {
            #expect(!parameter.about.isEmpty, "\(parameter.name) of \(operation.path) is not explained")
            #expect(parameter.place == .query || varying.contains(parameter.name[...]))
        }
        let rendered = JSONValue.object(operation.rendered)
        for parameter in rendered["parameters"]?.array ?? [] {
            #expect(parameter["description"] != nil, "a segment of \(operation.path) has no usual meaning")
        }
    }

    @Test("an operation under /api needs the admin key and says how it refuses, but for the health check")
    func security() {
        let open = APIDescription.operations.filter { $0.caller == .anyone }.map(\.path)
        #expect(open == ["/api/status", "/openapi.json", "/docs"])
        for operation in APIDescription.operations
        where operation.path.hasPrefix("/api/") && operation.caller != .anyone {
            #expect(operation.caller == .administrator, "\(operation.path)")
            let rendered = JSONValue.object(operation.rendered)
            #expect(rendered["security"] == [["bearer": []], ["query": []]])
            #expect(rendered["responses"]?["401"] != nil)
        }
        for operation in APIDescription.operations where operation.path.hasPrefix("/v1") {
            #expect(operation.caller == .keyHolder, "\(operation.path)")
        }
    }

    @Test("an operation reads as the rows of its family wrote it")
    func rendered() throws {
        let row = APISection(.options, .administrator, .registry).on(
            .put, "/api/demo/:id/*model", "Do it", query: [.query("page", .integer(in: 1...Int.max), "Which.")],
            body: .json(.object(["n": .number()], optional: ["m": .string().nullable]), example: ["n": 1]),
            answer: .data(.array(of: .named("Channel"))), refuses: [.missing("demo")])
        let expected = """
            {"operationId":"putApiDemoByIdByModel","tags":["Options"],"summary":"Do it","parameters":[\
            {"name":"id","in":"path","required":true,"description":"Its number.","schema":{"type":"integer","format":"int64","examples":[1]}},\
            {"name":"model","in":"path","required":true,"description":"The name of a model; it may hold slashes.",\
            "schema":{"type":"string","minLength":1,"examples":["gpt-4o-mini"]}},\
            {"name":"page","in":"query","description":"Which.","schema":{"type":"integer","minimum":1}}],\
            "requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["n"],\
            "properties":{"n":{"type":"number"},"m":{"type":["string","null"]}}},"example":{"n":1}}}},\
            "responses":{"200":{"description":"The answer.","content":{"application/json":{"schema":{"allOf":[\
            {"$ref":"#/components/schemas/Envelope"},{"type":"object","required":["data","success"],"properties":{\
            "data":{"type":"array","items":{"$ref":"#/components/schemas/Channel"}},"success":{"const":true}}}]}}}},
            """
        let text = String(decoding: JSONValue.object(row.rendered).serialized(), as: UTF8.self)
        #expect(text.hasPrefix(expected.dropLast()), "\(text)")
        let responses = try #require(JSONValue.object(row.rendered)["responses"]?.object?.keys)
        #expect(responses == ["200", "400", "401", "404", "413", "503"])
    }
}
