package org.hazel.app

import java.nio.ByteBuffer

/** Something a person reads. */
sealed interface Said

/** A text of the resources, by its name, with what goes into it. */
data class Text(val name: String, val words: List<Said> = emptyList()) : Said {
    constructor(name: String, vararg words: String) : this(name, words.map(::Plain))
}

/** A number of something, by the name of a text that has a form for one and one for more. */
data class Count(val name: String, val number: ULong) : Said

/** Words that nobody translates: a partner's name, an amount, a memo. */
data class Plain(val text: String) : Said

/** Two things read one after the other. */
fun joined(first: Said, second: Said): Said = Text("joined", listOf(first, second))

/** Two things beside each other that do not make one sentence. */
fun beside(first: Said, second: Said): Said = Text("beside", listOf(first, second))

/** What a screen shows: plain values from top to bottom, and what each does when it is pressed. Nothing about how it is drawn. */
data class Sheet(val title: Said, val parts: List<Part>, val isCode: Boolean = false)

/** What happens when something is pressed. */
typealias Deed = suspend () -> Unit

/** One thing on a screen. Whatever can be pressed or filled in says what it is, for those who cannot see it. */
sealed interface Part {
    /** What a screen reader says. */
    val spoken: Said
}

/** A heading within a screen. */
data class Heading(val text: Said) : Part {
    override val spoken get() = text
}

/** The one amount that a screen is about. Who owes stands in words, never in a sign. */
data class Figure(val label: Said, val amount: String) : Part {
    override val spoken get() = joined(label, Plain(amount))
}

/** A line of a list: what it is, more about it, and an amount at its end. */
data class Line(val text: Said, val under: Said? = null, val amount: String? = null, val does: Deed? = null) : Part {
    override val spoken: Said
        get() = listOfNotNull(text, amount?.let(::Plain), under).reduce(::beside)
}

/** A sentence. */
data class Note(val text: Said, val warns: Boolean = false) : Part {
    override val spoken get() = text
}

/** Something to press. Of several, one is the main one. */
data class Button(val text: Said, val isMain: Boolean = false, val isOn: Boolean = true, val does: Deed) : Part {
    override val spoken get() = text
}

/** What a field takes. */
enum class Kind { AMOUNT, NUMBER, TEXT, WORDS }

/** Something to fill in. [takes] hears every change. */
data class Field(val name: String, val label: Said, val value: String, val kind: Kind = Kind.TEXT, val takes: (String) -> Unit) : Part {
    override val spoken get() = label
}

/** Something that is on or off. */
data class Switch(val text: Said, val isOn: Boolean, val takes: (Boolean) -> Unit) : Part {
    override val spoken get() = text
}

/** A running balance as a curve. */
data class Course(val curve: Curve, override val spoken: Said) : Part

/** A code. Black on white whatever the mode, as large as fits; [next] is asked for the next frame of one that moves. */
data class Picture(val square: Square, override val spoken: Said, val next: (() -> Square)?) : Part

/** The camera's picture. [sees] is handed every frame's plane of brightness: pixels in a direct buffer, width, height, distance of two rows. */
data class Camera(override val spoken: Said, val sees: (ByteBuffer, Int, Int, Int) -> Unit) : Part

/** Something takes a while: until when at the latest, by [Phone.millis]. There is no waiting without an end. */
data class Wait(val text: Said, val since: Long, val until: Long) : Part {
    override val spoken get() = text
}
