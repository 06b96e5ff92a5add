using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KernelGen.Compiler.Specialization;

/// <content>Names and types.</content>
internal sealed partial class ExpressionSpecializer
{
    /// <summary>The type as C# text, with type parameters and the vector width replaced.</summary>
    public string TypeText(TypeSyntax type) => type switch
    {
        PredefinedTypeSyntax predefined => predefined.Keyword.Text,
        IdentifierNameSyntax name => NameText(name),
        GenericNameSyntax generic => SimpleNameText(generic),
        PointerTypeSyntax pointer => TypeText(pointer.ElementType) + "*",
        NullableTypeSyntax nullable => TypeText(nullable.ElementType) + "?",
        QualifiedNameSyntax qualified => TypeText(qualified.Left) + "." + SimpleNameText(qualified.Right),
        AliasQualifiedNameSyntax alias => alias.Alias.Identifier.Text + "::" + SimpleNameText(alias.Name),
        _ => Generic(type),
    };

    public TypeRef TypeOf(TypeSyntax type) => TypeRef.Of(TypeText(type is RefTypeSyntax reference ? reference.Type : type));

    /// <inheritdoc/>
    public override Residual VisitIdentifierName(IdentifierNameSyntax node) => Name(node);

    /// <inheritdoc/>
    public override Residual VisitGenericName(GenericNameSyntax node) => Name(node);

    /// <inheritdoc/>
    public override Residual VisitPredefinedType(PredefinedTypeSyntax node) => Residual.Of(node.Keyword.Text);

    /// <inheritdoc/>
    public override Residual VisitQualifiedName(QualifiedNameSyntax node) => Residual.Of(TypeText(node));

    /// <inheritdoc/>
    public override Residual VisitAliasQualifiedName(AliasQualifiedNameSyntax node) => Residual.Of(TypeText(node));

    /// <inheritdoc/>
    public override Residual VisitPointerType(PointerTypeSyntax node) => Residual.Of(TypeText(node));

    /// <inheritdoc/>
    public override Residual VisitNullableType(NullableTypeSyntax node) => Residual.Of(TypeText(node));

    /// <inheritdoc/>
    public override Residual VisitSizeOfExpression(SizeOfExpressionSyntax node)
    {
        var type = TypeOf(node.Type);
        return type.Primitive.Size() > 0
            ? Residual.Of(ConstantValue.From(type.Primitive.Size()))
            : Residual.Of($"sizeof({type.Text})", Precedence.Primary, TypeRef.Of(Primitive.Int32), isPure: true);
    }

    /// <inheritdoc/>
    public override Residual VisitDefaultExpression(DefaultExpressionSyntax node)
    {
        var type = TypeOf(node.Type);
        if (type.Primitive == Primitive.Bool) return Residual.Of(BoolConstant.False);
        if (type.Primitive.IsFloating()) return Residual.Of(FloatingConstant.Of(type.Primitive, 0));
        if (type.IsIntegral) return Residual.Of(new IntegralConstant(type.Primitive, 0));
        return Residual.Of($"default({type.Text})", Precedence.Primary, type, isPure: true);
    }

    /// <inheritdoc/>
    public override Residual VisitMemberBindingExpression(MemberBindingExpressionSyntax node) => Residual.Of("." + SimpleNameText(node.Name));

    /// <inheritdoc/>
    public override Residual VisitMemberAccessExpression(MemberAccessExpressionSyntax node)
    {
        var member = node.Name.Identifier.ValueText;
        if (node.IsKind(SyntaxKind.SimpleMemberAccessExpression))
        {
            if (IsTemplateClass(node.Expression)) return Name(node.Name);
            if (EnumMember(node, member) is { } constant) return constant;
            if (VectorCount(node.Expression, member) is { } count) return count;
            if (ArrayOf(node.Expression) is { } array && member == "Length") return Residual.Of(ConstantValue.From(array.Elements.Count), isVariable: true);
            if (IsStaticVocabulary(node.Expression)) return Misuse(node, $"Static.{member} is used where it has no specialised form");
        }

        var target = Of(node.Expression);
        var gap = body.Gap(node.Expression.Span.End, node.OperatorToken.SpanStart);
        var text = target.At(Precedence.Primary) + (gap == " " ? "" : gap) + node.OperatorToken.Text + SimpleNameText(node.Name);
        if (node.Expression is PredefinedTypeSyntax predefined && PrimitiveMember(Primitives.FromName(predefined.Keyword.Text), member) is { } value)
            return Residual.Of(value, spelling: text);
        if (member == "Length" && target.Type is { HasLength: true })
            return Residual.Of(text, Precedence.Primary, TypeRef.Of(Primitive.Int32), target.IsPure);
        return Residual.Of(text);
    }

    /// <summary>Whether the expression names the template class itself.</summary>
    public bool IsTemplateClass(ExpressionSyntax expression) =>
        expression is SimpleNameSyntax name
        && name.Identifier.ValueText == Session.Template.ClassName
        && body.Bindings.Find(name.Identifier.ValueText) is null;

    /// <summary>The static array that an expression names; null for any other expression.</summary>
    public StaticArray? ArrayOf(ExpressionSyntax expression) => expression switch
    {
        IdentifierNameSyntax name => body.Bindings.Find(name.Identifier.ValueText)?.Array,
        ParenthesizedExpressionSyntax parentheses => ArrayOf(parentheses.Expression),
        _ => null,
    };

    /// <summary>The element of a static array that an assignment sets; null for any other target.</summary>
    public StaticElement? AssignedElement(AssignmentExpressionSyntax assignment)
    {
        if (assignment.Left is not ElementAccessExpressionSyntax access || ArrayOf(access.Expression) is not { } array) return null;
        var indices = access.ArgumentList.Arguments.Select(argument => Of(argument.Expression).Constant).OfType<IntegralConstant>().Select(index => (long)index.Value).ToArray();
        return array.At(indices);
    }

    /// <summary>Whether the expression is <c>Static</c>, the class of the template language.</summary>
    public bool IsStaticVocabulary(ExpressionSyntax expression) => expression switch
    {
        IdentifierNameSyntax { Identifier.ValueText: "Static" } => body.Bindings.Find("Static") is null,
        MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Static" } access => access.Expression.ToString() is "KernelGen" or "global::KernelGen",
        _ => false,
    };

    public Residual Misuse(SyntaxNode node, string message)
    {
        body.Report(ProblemIds.StaticMisuse, message, node);
        return Residual.Of("default");
    }

    /// <summary>Converts a known value to a declared type; other values and unknown types are left as they are.</summary>
    public Residual ConvertTo(Residual value, TypeSyntax type)
    {
        if (value.Known is not { } known || type.IsVar) return value;
        var target = TypeOf(type);
        if (target.Primitive == Primitive.None || target.Primitive == known.Primitive) return value;
        var converted = ConstantConversion.Implicit(known.Value, target.Primitive, known.IsVariable);
        return converted is null ? value : Residual.Of(converted, known.IsVariable);
    }

    /// <summary>A name after a dot: only its type arguments are specialised, and the vector width.</summary>
    private string SimpleNameText(SimpleNameSyntax name)
    {
        var identifier = name.Identifier.ValueText == "Vector256" ? Session.VectorName : name.Identifier.Text;
        return name is GenericNameSyntax generic ? identifier + Generic(generic.TypeArgumentList) : identifier;
    }

    private string NameText(IdentifierNameSyntax node)
    {
        var name = node.Identifier.ValueText;
        if (body.Bindings.Find(name)?.TypeName is { } bound) return bound;
        if (Session.Types.TryGetValue(name, out var type)) return type;
        if (name == Session.Template.ClassName) return Session.Request.ClassName;
        MarkUsed(name);
        return SimpleNameText(node);
    }

    private Residual Name(SimpleNameSyntax node)
    {
        var name = node.Identifier.ValueText;
        if (node is IdentifierNameSyntax && body.Bindings.Find(name) is { } binding)
        {
            if (binding.Value is { } value) return value;
            if (binding.TypeName is { } bound) return Residual.Of(bound);
            return Misuse(node, $"the static array {name} is used as a whole; only its elements exist in specialised code");
        }

        if (Session.Types.TryGetValue(name, out var type)) return Residual.Of(type);
        var members = Session.Template.Members;
        if (members.Consts.TryGetValue(name, out var constant))
        {
            if (Session.Constants.ValueOf(constant) is { } value) return value;
            Session.Used.Add(constant);
            return Residual.Of(node.Identifier.Text, Precedence.Primary, TypeOf(constant.Field.Declaration.Type), isPure: true);
        }

        if (members.MethodsOf(name).Count > 0) return MethodGroup(node);
        if (name == Session.Template.ClassName) return Residual.Of(Session.Request.ClassName);
        if (members.Others.TryGetValue(name, out var member))
        {
            MarkUsed(name);
            return Residual.Of(SimpleNameText(node), Precedence.Primary, member.DeclaredType is null ? null : TypeOf(member.DeclaredType), member.Syntax is FieldDeclarationSyntax);
        }

        return Residual.Of(SimpleNameText(node));
    }

    private void MarkUsed(string name)
    {
        if (Session.Probing == 0 && Session.Template.Members.Others.TryGetValue(name, out var member)) Session.Used.Add(member);
    }

    private Residual? EnumMember(MemberAccessExpressionSyntax node, string member)
    {
        var name = node.Expression switch
        {
            IdentifierNameSyntax simple => simple.Identifier.ValueText,
            MemberAccessExpressionSyntax access => access.Name.Identifier.ValueText,
            _ => null,
        };
        if (name is null || body.Bindings.Find(name) is not null || Session.FindEnum(name) is not { } type) return null;
        return type.Members.TryGetValue(member, out var value)
            ? Residual.Of(new EnumConstant(type, value), spelling: node.ToString())
            : null;
    }

    /// <summary><c>Vector256&lt;float&gt;.Count</c>, for the width and element type of this specialisation.</summary>
    private Residual? VectorCount(ExpressionSyntax target, string member)
    {
        var generic = (target is MemberAccessExpressionSyntax access ? access.Name : target) as GenericNameSyntax;
        if (member != "Count" || generic is not { TypeArgumentList.Arguments.Count: 1 }) return null;
        var bits = generic.Identifier.ValueText switch
        {
            "Vector64" => 64,
            "Vector128" => 128,
            "Vector256" => Session.Request.VectorBits,
            "Vector512" => 512,
            _ => 0,
        };
        var size = TypeOf(generic.TypeArgumentList.Arguments[0]).Primitive.Size();
        return bits == 0 || size == 0 ? null : Residual.Of(ConstantValue.From(bits / 8 / size), isVariable: true);
    }

    private static ConstantValue? PrimitiveMember(Primitive type, string member) => (type, member) switch
    {
        (Primitive.Single, "NaN") => ConstantValue.From(float.NaN),
        (Primitive.Single, "PositiveInfinity") => ConstantValue.From(float.PositiveInfinity),
        (Primitive.Single, "NegativeInfinity") => ConstantValue.From(float.NegativeInfinity),
        (Primitive.Single, "MaxValue") => ConstantValue.From(float.MaxValue),
        (Primitive.Single, "MinValue") => ConstantValue.From(float.MinValue),
        (Primitive.Single, "Epsilon") => ConstantValue.From(float.Epsilon),
        (Primitive.Double, "NaN") => ConstantValue.From(double.NaN),
        (Primitive.Double, "PositiveInfinity") => ConstantValue.From(double.PositiveInfinity),
        (Primitive.Double, "NegativeInfinity") => ConstantValue.From(double.NegativeInfinity),
        (Primitive.Double, "MaxValue") => ConstantValue.From(double.MaxValue),
        (Primitive.Double, "MinValue") => ConstantValue.From(double.MinValue),
        (Primitive.Double, "Epsilon") => ConstantValue.From(double.Epsilon),
        (not Primitive.None, "MaxValue" or "MinValue") when type.IsIntegral() && !type.IsNative() =>
            new IntegralConstant(type, member == "MaxValue" ? type.Most() : type.Least()),
        _ => null,
    };
}
