# What Gemfile.locks say, by Bundler itself, and every text in .travis.yml, by Psych: ruby read.rb KIND, with a path in each line of
# the input. Answers as read.py does; checksums are read since Bundler 2.5 only, so there are none.
ENV["BUNDLE_GEMFILE"] = __FILE__ # somewhere must be a Gemfile
require "bundler"
require "json"
require "psych"

def gems(text)
  found = Hash.new { |all, name| all[name] = [] }
  # What was merged wrongly has a gem twice, of which Bundler takes the last.
  lines = text.scan(/^    (\S+ \(.*\))$/)
  return { omitted: "the same version of a gem is there twice" } if lines.uniq.length < lines.length
  Bundler::LockfileParser.new(text).specs.each do |spec|
    revision = spec.source.is_a?(Bundler::Source::Git) ? spec.source.options["revision"] : nil
    found[spec.name] << [spec.version.to_s, revision, nil]
  end
  { found: found }
end

# Adds the texts below a node, each with its path.
def texts(node, path, anchors, found)
  anchors[node.anchor] = node if node.respond_to?(:anchor) && node.anchor && !node.is_a?(Psych::Nodes::Alias)
  case node
  when Psych::Nodes::Mapping
    # Of several keys the last counts; what `<<` brings in has a test of its own.
    node.children.each_slice(2).to_h { |key, value| [key.is_a?(Psych::Nodes::Scalar) ? key.value : nil, value] }.each do |key, value|
      texts(value, [*path, "\"#{key}\""], anchors, found) unless key.nil? || key.empty? || key == "<<" || key.match?(/["']/)
    end
  when Psych::Nodes::Sequence
    node.children.each_with_index { |value, index| texts(value, [*path, index], anchors, found) }
  when Psych::Nodes::Alias
    texts(anchors[node.anchor], path, anchors, found) if anchors[node.anchor]
  when Psych::Nodes::Scalar
    null = !node.quoted && node.value.match?(/\A(~|null|Null|NULL|)\z/)
    found[path.join(".")] = [[node.value.strip, nil, nil]] unless null || path.empty?
  end
end

def yaml(text)
  document = Psych.parse(text)
  found = {}
  texts(document.root, [], {}, found) if document
  Psych.respond_to?(:unsafe_load) ? Psych.unsafe_load(text) : Psych.load(text)
  { found: found }
end

$stdin.each_line(chomp: true) do |path|
  text = File.read(path, encoding: "UTF-8")
  puts JSON.generate(ARGV[0] == "travis" ? yaml(text) : gems(text))
rescue StandardError, Psych::SyntaxError => error
  puts JSON.generate(error: error.message)
end
