using KernelGen.Compiler.Emission;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <summary>Writes the specialised class: what its exposed members reach, in the template's order.</summary>
internal sealed class ClassWriter(Session session)
{
    private readonly Dictionary<TemplateMember, string> _others = [];

    /// <summary>The class declaration.</summary>
    public string Write()
    {
        var members = session.Template.Members;
        foreach (var member in members.All)
        {
            if (member is TemplateMethod method)
            {
                if (TemplateMethod.IsEntry(method.Syntax)) session.Helpers.Get(method);
            }
            else if (member is TemplateConst constant)
            {
                if (constant.IsExposed && session.Constants.ValueOf(constant) is null) session.Used.Add(constant);
            }
            else if (member.IsExposed || member.Syntax is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax || MemberWriter.IsNameless(member.Syntax))
            {
                session.Used.Add(member);
            }
        }

        WriteReachable();
        var writer = new CodeWriter();
        writer.Line($"{session.Request.Modifiers} class {session.Request.ClassName}".TrimStart());
        using (writer.OpenBlock()) WriteMembers(writer);
        return writer.ToString().Replace(ExpressionSpecializer.TokenLineBreak, '\n');
    }

    /// <summary>Writes bodies until they mention nothing new.</summary>
    private void WriteReachable()
    {
        var written = new HashSet<TemplateMember>();
        for (var isDone = false; !isDone;)
        {
            isDone = true;
            while (session.Helpers.NextPending() is { } instance)
            {
                instance.Text = new MethodWriter(session, instance).Write();
                isDone = false;
            }

            foreach (var member in session.Used.Where(written.Add).ToArray())
            {
                _others[member] = new MemberWriter(session, member.File).Write(member);
                isDone = false;
            }
        }
    }

    private void WriteMembers(CodeWriter writer)
    {
        TemplateMember? previous = null;
        foreach (var member in session.Template.Members.All)
        {
            var texts = member is TemplateMethod method
                ? session.Helpers.Of(method).Select(instance => instance.Text!)
                : _others.TryGetValue(member, out var text) ? [text] : [];
            foreach (var declaration in texts)
            {
                if (previous is not null && NeedsBlankLine(previous, member)) writer.Line();
                foreach (var line in declaration.TrimEnd('\n').Split('\n')) writer.Line(line);
                previous = member;
            }
        }
    }

    /// <summary>Fields stand together as they do in the template; all else is apart.</summary>
    private static bool NeedsBlankLine(TemplateMember previous, TemplateMember member) =>
        previous.Syntax is not FieldDeclarationSyntax || member.Syntax is not FieldDeclarationSyntax
        || previous == member || Comments.Before(member.Syntax.GetFirstToken(), member.File) is not { Lines: null, BlankBefore: false };
}
