extension DocsPage {
    /// Builds the page from the description; every text is put in as text, never as HTML.
    static let script = #"""

        "use strict";
        let doc;

        function el(tag, text, name) {
          const made = document.createElement(tag);
          if (text !== undefined) made.textContent = text;
          if (name) made.className = name;
          return made;
        }

        function target(schema) {
          return schema.$ref ? doc.components.schemas[schema.$ref.split("/").pop()] : schema;
        }

        function typeOf(schema) {
          if (schema.$ref) return schema.$ref.split("/").pop();
          if (schema.const !== undefined) return JSON.stringify(schema.const);
          if (schema.enum) return schema.enum.map(value => JSON.stringify(value)).join(" | ");
          if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
          if (schema.allOf) return schema.allOf.map(typeOf).join(" and ");
          let text = [].concat(schema.type || "anything").join(" or ");
          if (schema.items) text += " of " + typeOf(schema.items);
          if (schema.additionalProperties) text = "map of " + typeOf(schema.additionalProperties);
          if (schema.minimum !== undefined || schema.maximum !== undefined)
            text += " " + (schema.minimum ?? "") + "…" + (schema.maximum ?? "");
          if (schema.maxLength !== undefined) text += ", at most " + schema.maxLength + " characters";
          if (schema.maxItems !== undefined) text += ", at most " + schema.maxItems;
          if (schema.default !== undefined) text += ", default " + JSON.stringify(schema.default);
          return text;
        }

        function inner(schema) {
          if (schema.items) return inner(schema.items);
          if (typeof schema.additionalProperties === "object") return inner(schema.additionalProperties);
          return schema;
        }

        function hasMembers(schema) {
          const found = target(inner(schema));
          return Boolean(found.properties || found.allOf || found.anyOf || found !== schema && hasMembers(found));
        }

        function members(schema) {
          const list = el("ul", undefined, "members");
          const found = target(inner(schema));
          for (const part of found.allOf || found.anyOf || []) {
            const item = el("li");
            item.append(el("span", typeOf(part), "type"));
            if (hasMembers(part)) item.append(members(part));
            list.append(item);
          }
          for (const [name, member] of Object.entries(found.properties || {})) {
            const item = el("li");
            item.append(el("code", name));
            if (!(found.required || []).includes(name)) item.append(el("span", "?"));
            item.append(el("span", " " + typeOf(member) + " ", "type"));
            if (member.description) item.append(el("span", member.description, "about"));
            if (hasMembers(member)) {
              const more = el("details");
              more.append(el("summary", "members"));
              more.addEventListener("toggle", () => more.append(members(member)), { once: true });
              item.append(more);
            }
            list.append(item);
          }
          if (!list.children.length && hasMembers(found)) return members(found);
          return list;
        }

        function sample(schema, depth) {
          const found = target(schema);
          if (found.examples) return found.examples[0];
          if (found.default !== undefined) return found.default;
          if (found.enum) return found.enum[0];
          if (found.type === "array") return depth > 3 ? [] : [sample(found.items, depth + 1)];
          if (found.type === "object") {
            const made = {};
            for (const name of found.required || []) made[name] = sample(found.properties[name], depth + 1);
            return made;
          }
          return { integer: 1, number: 1, boolean: true, string: "text" }[found.type] ?? null;
        }

        function quoted(text) {
          return "'" + text.replaceAll("'", "'\\''") + "'";
        }

        function curl(method, path, operation) {
          const parameters = operation.parameters || [];
          for (const parameter of parameters)
            if (parameter.in === "path") path = path.replace("{" + parameter.name + "}", sample(parameter.schema, 0));
          const query = parameters.filter(parameter => parameter.in === "query" && parameter.required)
            .map(parameter => parameter.name + "=" + encodeURIComponent(sample(parameter.schema, 0))).join("&");
          const url = new URL("." + path, base).href + (query && "?" + query);
          const content = Object.entries(operation.requestBody?.content || {})[0];
          let text = "curl -s" + (method === "get" || method === "post" && content ? "" : " -X " + method.toUpperCase());
          text += " " + quoted(url.replaceAll("'", "%27"));
          if (operation.security.length) text += " -H \"Authorization: Bearer $KEY\"";
          if (!content) return text;
          const value = content[1].example ?? sample(content[1].schema, 0);
          if (content[0].startsWith("multipart/"))
            return Object.entries(value).reduce((text, [name, part]) => text + " -F " + quoted(name + "=" + part), text);
          const body = typeof value === "string" ? value : JSON.stringify(value);
          text += " -H 'Content-Type: " + content[0] + "' -d " + quoted(body);
          return text;
        }

        function copyable(text) {
          const box = el("div");
          const block = el("pre", text);
          const button = el("button", "Copy");
          button.addEventListener("click", async () => {
            try {
              await navigator.clipboard.writeText(text);
              button.textContent = "Copied";
            } catch {
              getSelection().selectAllChildren(block);
            }
          });
          box.append(block, button);
          return box;
        }

        function body(method, path, operation) {
          const box = el("div", undefined, "body");
          if (operation.description) box.append(el("p", operation.description));
          if (operation.parameters) {
            box.append(el("h3", "Parameters"));
            const list = el("ul", undefined, "members");
            for (const parameter of operation.parameters) {
              const item = el("li");
              item.append(el("code", parameter.name), el("span", (parameter.required ? "" : "?") + " " + parameter.in
                + ", " + typeOf(parameter.schema) + " ", "type"), el("span", parameter.description || "", "about"));
              list.append(item);
            }
            box.append(list);
          }
          for (const [type, content] of Object.entries(operation.requestBody?.content || {})) {
            box.append(el("h3", "Body"), el("span", type + ": " + typeOf(content.schema), "type"));
            if (hasMembers(content.schema)) box.append(members(content.schema));
          }
          box.append(el("h3", "Answers"));
          for (const [status, answer] of Object.entries(operation.responses)) {
            const line = el("div");
            line.append(el("code", status), el("span", " " + answer.description));
            for (const [type, content] of Object.entries(answer.content || {})) {
              if (status !== "200" || !content.schema || !hasMembers(content.schema)) continue;
              line.append(members(content.schema));
            }
            box.append(line);
          }
          box.append(el("h3", "curl"), copyable(curl(method, path, operation)));
          return box;
        }

        function route(method, path, operation) {
          const box = el("details");
          const line = el("summary");
          line.append(el("span", method.toUpperCase(), "method"), el("code", path), el("span", " " + operation.summary));
          if (!operation.security.length) line.append(el("span", "no key", "open"));
          box.append(line);
          box.addEventListener("toggle", () => box.append(body(method, path, operation)), { once: true });
          box.dataset.words = (method + " " + path + " " + operation.summary).toLowerCase();
          return box;
        }

        function show() {
          const main = document.getElementById("routes");
          main.replaceChildren();
          document.getElementById("about").textContent = doc.info.description;
          for (const tag of doc.tags) {
            const section = el("section");
            section.append(el("h2", tag.name), el("p", tag.description, "about"));
            for (const [path, item] of Object.entries(doc.paths))
              for (const [method, operation] of Object.entries(item))
                if (operation.tags.includes(tag.name)) section.append(route(method, path, operation));
            if (section.children.length > 2) main.append(section);
          }
        }

        document.getElementById("filter").addEventListener("input", event => {
          const words = event.target.value.toLowerCase().split(" ").filter(Boolean);
          for (const section of document.querySelectorAll("section")) {
            let shown = 0;
            for (const box of section.querySelectorAll(":scope > details")) {
              box.hidden = !words.every(word => box.dataset.words.includes(word));
              shown += box.hidden ? 0 : 1;
            }
            section.hidden = shown === 0;
          }
        });

        const base = new URL(".", location.href.replace(/[/?#]+$/, ""));
        fetch(new URL("openapi.json", base)).then(answer => answer.json()).then(found => { doc = found; show(); })
          .catch(problem => { document.getElementById("routes").textContent = "openapi.json could not be read: " + problem; });

        """#
}
