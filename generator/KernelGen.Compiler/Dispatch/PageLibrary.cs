using System.Collections.Concurrent;
using System.Security;
using Scriban;
using Scriban.Runtime;

namespace KernelGen.Compiler.Dispatch;

/// <summary>The Scriban pages embedded in this assembly. Each is parsed once a process, and rendered strictly: an unknown member is an error.</summary>
internal static class PageLibrary
{
    private static readonly ConcurrentDictionary<string, Template> Parsed = new();

    private static readonly ScriptObject Functions = new()
    {
        ["xml"] = DelegateCustomFunction.CreateFunc<string, string>(SecurityElement.Escape),
        ["indentation"] = DelegateCustomFunction.CreateFunc<int, string>(Indentation),
        ["indent"] = DelegateCustomFunction.CreateFunc<string, int, string>(Indent),
    };

    /// <summary>Renders a page, for example <c>Dispatcher</c>.</summary>
    /// <exception cref="InvalidOperationException">The page or the model is wrong, which is a defect.</exception>
    public static string Render(string page, ScriptObject model)
    {
        var context = new TemplateContext { StrictVariables = true, NewLine = "\n", LoopLimit = int.MaxValue };
        context.PushGlobal(Functions);
        context.PushGlobal(model);
        var text = Parsed.GetOrAdd(page, Parse).Render(context);
        return LineWrap.Apply(text);
    }

    private static Template Parse(string page)
    {
        var path = $"Dispatch/{page}.sbn";
        using var stream = typeof(PageLibrary).Assembly.GetManifestResourceStream(path) ?? throw new InvalidOperationException($"there is no page {path}");
        using var reader = new StreamReader(stream);
        var template = Template.Parse(reader.ReadToEnd(), path);
        return template.HasErrors ? throw new InvalidOperationException(string.Join("; ", template.Messages)) : template;
    }

    private static string Indentation(int level) => new(' ', 4 * level);

    private static string Indent(string text, int levels) =>
        string.Join("\n", text.TrimEnd('\n').Split('\n').Select(line => line.Length == 0 ? line : Indentation(levels) + line));
}
