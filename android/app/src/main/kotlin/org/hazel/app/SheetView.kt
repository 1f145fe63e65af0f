package org.hazel.app

import android.content.Context
import android.content.res.ColorStateList
import android.graphics.Color
import android.graphics.Typeface
import android.graphics.drawable.GradientDrawable
import android.text.Editable
import android.text.InputType
import android.text.TextWatcher
import android.util.TypedValue
import android.view.Gravity
import android.view.View
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.EditText
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.ScrollView
import android.widget.TextView
import android.widget.Button as PlainButton
import android.widget.Switch as PlainSwitch

/** Draws a sheet with the system's own views and colours, light or dark. Views of parts that stay are kept, and with them the cursor. */
class SheetView(context: Context, private val now: () -> Long, private val press: (Deed) -> Unit) : ScrollView(context) {
    private val texts = Texts(context)
    private val page = LinearLayout(context).apply { orientation = LinearLayout.VERTICAL }
    private var shown = emptyList<Part>()
    private var wasCode = false

    init {
        isFillViewport = true
        addView(page, LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        pad(page, EDGE)
    }

    fun show(sheet: Sheet) {
        // A code is black on white in dark mode too, and so is everything around it.
        setBackgroundColor(if (sheet.isCode) Color.WHITE else Color.TRANSPARENT)
        if (sheet.isCode != wasCode) forget()
        wasCode = sheet.isCode
        val parts = listOf(Heading(sheet.title)) + sheet.parts
        val same = { a: Part, b: Part -> key(a) == key(b) }
        val front = shown.zip(parts).takeWhile { (a, b) -> same(a, b) }.size
        val rest = minOf(shown.size, parts.size) - front
        val back = shown.takeLast(rest).reversed().zip(parts.takeLast(rest).reversed()).takeWhile { (a, b) -> same(a, b) }.size
        page.removeViews(front, shown.size - front - back)
        for (at in front until parts.size - back) page.addView(make(parts[at]), at, spaced())
        parts.forEachIndexed { at, part -> fill(page.getChildAt(at), part) }
        shown = parts
    }

    private fun forget() {
        page.removeAllViews()
        shown = emptyList()
    }

    /** Two parts with one key can be shown by one view. */
    private fun key(part: Part): Any = when (part) {
        is Field -> part.javaClass to part.name
        is Button -> part.javaClass to part.isMain
        is Note -> part.javaClass to part.warns
        else -> part.javaClass
    }

    private fun make(part: Part): View = when (part) {
        is Heading -> label(22f, Typeface.BOLD).apply { if (Build.isHeading) isAccessibilityHeading = true }
        is Figure -> label(34f, Typeface.BOLD)
        is Note -> label(16f, Typeface.NORMAL).apply { if (part.warns) warn(this) }
        is Line -> LineView()
        is Button -> PlainButton(context).apply { isAllCaps = false; minHeight = dp(FINGER); if (part.isMain) stress(this) }
        is Field -> field(part)
        is Switch -> PlainSwitch(context).apply { minHeight = dp(FINGER); textSize = 16f }
        is Course -> CurveView(context, inked(context))
        is Picture -> CodeView(context)
        is Camera -> CameraView(context)
        is Wait -> WaitView()
    }

    private fun fill(view: View, part: Part) {
        view.contentDescription = texts.of(part.spoken)
        when (part) {
            is Heading -> (view as TextView).text = texts.of(part.text)
            is Figure -> (view as TextView).text = texts.of(part.label) + "\n" + part.amount
            is Note -> (view as TextView).text = texts.of(part.text)
            is Line -> (view as LineView).fill(part)
            is Button -> (view as PlainButton).apply {
                text = texts.of(part.text)
                isEnabled = part.isOn
                setOnClickListener { press(part.does) }
            }
            is Field -> (view as FieldView).fill(part)
            is Switch -> (view as PlainSwitch).apply {
                text = texts.of(part.text)
                setOnCheckedChangeListener(null)
                isChecked = part.isOn
                setOnCheckedChangeListener { _, on -> part.takes(on) }
            }
            is Course -> (view as CurveView).curve = part.curve
            is Picture -> (view as CodeView).show(part.square, part.next)
            is Camera -> (view as CameraView).sees = part.sees
            is Wait -> (view as WaitView).fill(part)
        }
    }

    private fun label(size: Float, style: Int) = TextView(context).apply {
        textSize = size
        setTypeface(typeface, style)
        // Figures of one width, so that amounts stand under one another.
        fontFeatureSettings = "tnum"
        if (wasCode) setTextColor(Color.BLACK)
    }

    /** What warns does so by its frame as well as by its colour. */
    private fun warn(view: View) {
        view.background = GradientDrawable().apply { cornerRadius = dp(8).toFloat(); setStroke(dp(2), WARNING) }
        pad(view, 12)
    }

    /** The main one of several is filled with the colour that the rest is written in; grey while it is off. */
    private fun stress(button: PlainButton) {
        val (ink, paper) = if (wasCode) Color.BLACK to Color.WHITE else inked(context) to papered(context)
        val states = arrayOf(intArrayOf(android.R.attr.state_enabled), intArrayOf())
        button.backgroundTintList = ColorStateList(states, intArrayOf(ink, Color.GRAY))
        button.setTextColor(paper)
        button.setTypeface(button.typeface, Typeface.BOLD)
    }

    private fun field(part: Field) = FieldView().apply {
        entry.inputType = when (part.kind) {
            Kind.AMOUNT -> InputType.TYPE_CLASS_NUMBER or InputType.TYPE_NUMBER_FLAG_DECIMAL
            Kind.NUMBER -> InputType.TYPE_CLASS_NUMBER
            Kind.TEXT -> InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_CAP_SENTENCES
            // Recovery words are learned by no keyboard.
            Kind.WORDS -> InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_VARIATION_VISIBLE_PASSWORD or InputType.TYPE_TEXT_FLAG_MULTI_LINE
        }
    }

    private inner class FieldView : LinearLayout(context) {
        private val name = label(14f, Typeface.NORMAL)
        val entry = EditText(context).apply { minHeight = dp(FINGER); fontFeatureSettings = "tnum" }
        private var takes: (String) -> Unit = {}

        init {
            orientation = VERTICAL
            addView(name)
            addView(entry, LayoutParams(MATCH_PARENT, WRAP_CONTENT))
            entry.id = View.generateViewId()
            name.labelFor = entry.id
            entry.addTextChangedListener(object : TextWatcher {
                override fun beforeTextChanged(text: CharSequence, start: Int, count: Int, after: Int) = Unit
                override fun onTextChanged(text: CharSequence, start: Int, before: Int, count: Int) = Unit
                override fun afterTextChanged(text: Editable) = takes(text.toString())
            })
        }

        fun fill(part: Field) {
            name.text = texts.of(part.label)
            takes = {}
            // What is being typed is not typed over.
            if (!entry.hasFocus() && entry.text.toString() != part.value) entry.setText(part.value)
            takes = part.takes
        }
    }

    private inner class LineView : LinearLayout(context) {
        private val text = label(17f, Typeface.NORMAL)
        private val under = label(14f, Typeface.NORMAL).apply { alpha = 0.75f }
        private val amount = label(17f, Typeface.NORMAL).apply { gravity = Gravity.END }

        init {
            gravity = Gravity.CENTER_VERTICAL
            minimumHeight = dp(FINGER)
            val left = LinearLayout(context).apply { orientation = VERTICAL; addView(text); addView(under) }
            addView(left, LayoutParams(0, WRAP_CONTENT, 1f))
            addView(amount, LayoutParams(WRAP_CONTENT, WRAP_CONTENT))
            // One thing to a screen reader, not three.
            importantForAccessibility = IMPORTANT_FOR_ACCESSIBILITY_YES
            for (it in listOf(text, under, amount)) it.importantForAccessibility = IMPORTANT_FOR_ACCESSIBILITY_NO
        }

        fun fill(part: Line) {
            text.text = texts.of(part.text)
            under.text = part.under?.let(texts::of)
            under.visibility = if (part.under == null) GONE else VISIBLE
            amount.text = part.amount
            val does = part.does
            isClickable = does != null
            isFocusable = does != null
            setOnClickListener(does?.let { deed -> OnClickListener { press(deed) } })
        }
    }

    private inner class WaitView : LinearLayout(context) {
        private val text = label(16f, Typeface.NORMAL)
        private val bar = ProgressBar(context, null, android.R.attr.progressBarStyleHorizontal)
        private var part: Wait? = null

        init {
            orientation = VERTICAL
            addView(text)
            addView(bar, LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        }

        fun fill(wait: Wait) {
            text.text = texts.of(wait.text)
            part = wait
            turn()
        }

        /** The bar fills until the last moment, and then stands still. */
        private fun turn() {
            val wait = part ?: return
            bar.max = (wait.until - wait.since).toInt()
            bar.progress = (now() - wait.since).toInt()
            if (now() < wait.until && isAttachedToWindow) postDelayed(::turn, TURN)
        }

        override fun onAttachedToWindow() {
            super.onAttachedToWindow()
            turn()
        }
    }

    private fun spaced() = LinearLayout.LayoutParams(MATCH_PARENT, WRAP_CONTENT).apply { bottomMargin = dp(8) }

    private fun pad(view: View, edge: Int) = view.setPadding(dp(edge), dp(edge), dp(edge), dp(edge))

    private fun dp(size: Int): Int = TypedValue.applyDimension(TypedValue.COMPLEX_UNIT_DIP, size.toFloat(), resources.displayMetrics).toInt()

    private object Build {
        val isHeading get() = android.os.Build.VERSION.SDK_INT >= android.os.Build.VERSION_CODES.P
    }

    private companion object {
        const val EDGE = 16
        /** What a finger hits. */
        const val FINGER = 48
        const val TURN = 250L
        const val WARNING = 0xffd06000.toInt()
    }
}

/** The colour the theme writes in. */
internal fun inked(context: Context): Int = themed(context, android.R.attr.textColorPrimary)

/** The colour the theme writes on. */
internal fun papered(context: Context): Int = themed(context, android.R.attr.colorBackground)

private fun themed(context: Context, attribute: Int): Int {
    val found = context.obtainStyledAttributes(intArrayOf(attribute))
    val colours: ColorStateList? = found.getColorStateList(0)
    found.recycle()
    return colours?.defaultColor ?: Color.GRAY
}
